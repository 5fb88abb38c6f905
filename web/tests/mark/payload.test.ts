import { expect, it } from "vitest";
import { fromMessage, toWord } from "../../src/mark/payload";
import { bits } from "../photo";
import { slots as expected } from "../vectors.json";

it("writes the word that Python writes, and reads it", () => {
  const word = toWord({ owner: expected.owner, nonce: expected.nonce });
  expect(word).toEqual(bits(expected.word));
  expect(fromMessage(word.slice(0, 64))).toEqual({ owner: expected.owner, nonce: expected.nonce });
});

it("knows a message that says something else", () => {
  const message = toWord({ owner: 1, nonce: 2 }).slice(0, 64);
  for (let place = 0; place < 64; place++) {
    const other = message.slice();
    other[place] ^= 1;
    expect(fromMessage(other)).toBeNull();
  }
});

it.each([{ owner: -1, nonce: 0 }, { owner: 65536, nonce: 0 }, { owner: 0.5, nonce: 0 }, { owner: 0, nonce: 2 ** 32 }])(
  "refuses %j",
  (payload) => {
    expect(() => toWord(payload)).toThrow(RangeError);
  },
);
