import { expect, it } from "vitest";
import { checksum, toBits, toNumber } from "../../src/mark/checksum";
import { bits } from "../photo";
import { checksum as expected } from "../vectors.json";

it.each(expected)("has the check bits of Python: $message", ({ message, check }) => {
  expect(checksum(bits(message))).toEqual(bits(check));
});

it.each([0, 1, 0xace, 2 ** 32 - 1])("turns %d into bits and back", (number) => {
  expect(toNumber(toBits(number, 32))).toBe(number);
  expect(toBits(5, 4)).toEqual(Uint8Array.of(0, 1, 0, 1));
});
