/**
 * Where a key puts the bits of a mark: 127 of 160 slots carry the word of a payload, 33 a beacon that is the same in
 * every mark of the key. The key says which slots are which, in what order, and which of them are turned round.
 */

import { LENGTH } from "./bch";
import type { Key } from "./key";
import { type Payload, toWord } from "./payload";

export const SLOTS = 160;
const BEACON = SLOTS - LENGTH;

/** A key's way of writing. */
export class Slots {
  /** The slot of each bit: first those of the word, then those of the beacon. */
  readonly order: number[];
  /** +1 or -1 for each bit. */
  readonly turned: number[];

  constructor(key: Key) {
    const lots = key.numbers("mark slots", SLOTS);
    this.order = [...lots.keys()].sort((one, other) => lots[one] - lots[other]);
    this.turned = Array.from(key.numbers("mark signs", SLOTS), (number) => (number < 0.5 ? -1 : 1));
  }

  /** The signs that a mark carries, +1 or -1 each. */
  write(payload: Payload): Float32Array {
    const bits = [...toWord(payload), ...new Array<number>(BEACON).fill(1)];
    const signs = new Float32Array(SLOTS);
    bits.forEach((bit, place) => (signs[this.order[place]] = this.turned[place] * (2 * bit - 1)));
    return signs;
  }

  /** Of what a decoder heard in each slot: the evidence for each bit of the word. */
  word(heard: Float32Array): Float32Array {
    return this.untangled(heard).slice(0, LENGTH);
  }

  /** How well what was heard agrees with the beacon, -1..1; near 0 for any other key. */
  beacon(heard: Float32Array): number {
    const agreed = this.untangled(heard).slice(LENGTH);
    return (2 * agreed.filter((value) => value > 0).length) / BEACON - 1;
  }

  private untangled(heard: Float32Array): Float32Array {
    return Float32Array.from(this.order, (slot, place) => this.turned[place] * heard[slot]);
  }
}
