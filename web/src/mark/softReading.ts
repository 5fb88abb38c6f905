/**
 * Read a word whose bits are more or less sure: the doubtful ones are tried both ways.
 *
 * Chase (1972), his second algorithm: every way of turning the least sure bits is decoded until one is a payload.
 */

import { decode } from "./bch";
import { type Payload, fromMessage, toWord } from "./payload";

/** Bits that are tried both ways. */
const DOUBTFUL = 6;
export const TRIALS = 2 ** DOUBTFUL;

export interface Reading {
  payload: Payload;
  /** Bits of the word that were wrong, the doubtful ones that had to be turned among them. */
  repaired: number;
}

/**
 * Read a payload.
 *
 * @param evidence above 0 for a 1 and below for a 0, the surer the farther.
 * @returns the first payload found, fewest turned bits first; null where there is none.
 */
export function readWord(evidence: Float32Array): Reading | null {
  const heard = Uint8Array.from(evidence, (value) => (value > 0 ? 1 : 0));
  const surest = [...evidence.keys()].sort((one, other) => Math.abs(evidence[one]) - Math.abs(evidence[other]));
  const doubtful = surest.slice(0, DOUBTFUL);
  for (const way of WAYS) {
    const word = heard.slice();
    doubtful.forEach((place, bit) => (word[place] ^= (way >> bit) & 1));
    const decoded = decode(word);
    const payload = decoded && fromMessage(decoded.message);
    if (payload) {
      const repaired = toWord(payload).filter((bit, place) => bit !== heard[place]).length;
      return { payload, repaired };
    }
  }
  return null;
}

/** All ways of turning the doubtful bits, fewest first. */
const WAYS = Array.from({ length: TRIALS }, (_, way) => way).sort((one, other) => ones(one) - ones(other));

function ones(number: number): number {
  return number.toString(2).replaceAll("0", "").length;
}
