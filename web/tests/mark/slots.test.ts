import { expect, it } from "vitest";
import { Key } from "../../src/mark/key";
import { Slots } from "../../src/mark/slots";
import { key, slots as expected } from "../vectors.json";

const slots = new Slots(Key.fromText(key.text));

it("puts each sign where Python puts it", () => {
  expect([...slots.write({ owner: expected.owner, nonce: expected.nonce })]).toEqual(expected.signs);
});

it("hears what Python hears", () => {
  const heard = Float32Array.from(expected.heard);
  expect(slots.word(heard)).toEqual(Float32Array.from(expected.evidence));
  expect(slots.beacon(heard)).toBeCloseTo(expected.beacon, 12);
});

it("agrees with its own beacon and not with another key's", () => {
  const heard = slots.write({ owner: 0, nonce: 0 });
  expect(slots.beacon(heard)).toBe(1);
  expect(Math.abs(new Slots(Key.fresh()).beacon(heard))).toBeLessThan(0.9);
});
