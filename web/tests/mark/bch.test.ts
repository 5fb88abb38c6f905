import { expect, it } from "vitest";
import { CORRECTS, LENGTH, MESSAGE_BITS, decode, encode } from "../../src/mark/bch";
import { bits } from "../photo";
import { bch as expected } from "../vectors.json";

it("is the code of 127 and 64 bits", () => {
  expect([LENGTH, MESSAGE_BITS, CORRECTS]).toEqual([127, 64, 10]);
});

it.each(expected)("writes and reads as Python does: $spoilt", ({ message, word, spoilt, read }) => {
  expect(encode(bits(message))).toEqual(bits(word));
  expect(decode(bits(spoilt))).toEqual(read && { message: bits(read.message), wrong: read.wrong });
});

it("repairs any ten wrong bits", () => {
  for (let first = 0; first < LENGTH; first++) {
    const word = encode(Uint8Array.from({ length: MESSAGE_BITS }, (_, place) => (place * first) % 2));
    const spoilt = word.slice();
    for (let step = 0; step < CORRECTS; step++) spoilt[(first + 11 * step) % LENGTH] ^= 1;
    expect(decode(spoilt)).toEqual({ message: word.slice(0, MESSAGE_BITS), wrong: CORRECTS });
  }
});

it("refuses other lengths", () => {
  expect(() => encode(new Uint8Array(63))).toThrow(RangeError);
  expect(() => decode(new Uint8Array(126))).toThrow(RangeError);
});
