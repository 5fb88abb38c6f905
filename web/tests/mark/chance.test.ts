import { expect, it } from "vitest";
import { chanceOfAgreement, chanceOfReading } from "../../src/mark/chance";
import { chance } from "../vectors.json";

it.each(chance.agreement)("bounds an agreement of %d by %d", (agreement, expected) => {
  expect(chanceOfAgreement(agreement, 24) / expected).toBeCloseTo(1, 5);
});

it("bounds what cannot be better by nothing", () => {
  expect(chanceOfAgreement(1, 24)).toBe(0);
});

it.each(chance.reading)("bounds a reading with %d repaired bits by %d", (repaired, expected) => {
  expect(chanceOfReading(repaired, 3) / expected).toBeCloseTo(1, 9);
});
