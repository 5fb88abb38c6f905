/** The learned mark: made by a small network for each photo, and saying whose it is. */

import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { addLuma } from "./addLuma";
import { FALSE_ALARM, chanceOfReading } from "./chance";
import { emphasised } from "./emphasis";
import type { Key } from "./key";
import type { Found, Mark } from "./mark";
import type { Pixels } from "./plane";
import { reduced } from "./reduced";
import { cubicTaps, downRow, resampleAcross, triangleTaps } from "./resize";
import { SLOTS, Slots } from "./slots";
import { readWord } from "./softReading";
import { strengthBySize } from "./strengthBySize";
import { EVEN, unevenness } from "./unevenness";

/** Side of the square on which a mark is made, in pixels, whatever the photo's size. */
export const GRID = 128;
/** The networks are shown photos of at least that many pixels a side, and less than twice as many. */
const SHOWN = 256;
/** Looks at a photo: as it is, and as if 5 and 10 % of each side had been cut off. */
const LOOKS = 3;

/** From this presence on, a mark that cannot be read is spoken of. */
const LIKELY = 0.99;

export interface Heard {
  /** What is heard in each slot, for each look: 3 x 160. */
  evidence: Float32Array;
  /** For each look, the logit of there being a mark of any key. */
  presence: Float32Array;
}

/** The two networks of a mark; a photo may have any size. */
export interface Networks {
  /** The change of a photo, 128 x 128, for 160 signs and for strength 1; 1 is the whole range of brightness. */
  encode(photo: Pixels, signs: Float32Array): Promise<Float32Array>;
  decode(photo: Pixels): Promise<Heard>;
}

export class Learned implements Mark {
  private readonly slots: Slots;

  constructor(
    private readonly key: Key,
    private readonly networks: Networks,
    private readonly owner: number,
  ) {
    this.slots = new Slots(key);
  }

  async add(photo: Pixels, asked: number): Promise<void> {
    const strength = strengthBySize(asked, photo);
    const signs = this.slots.write({ owner: this.owner, nonce: nonceOf(this.key, photo) });
    const small = reduced(photo, SHOWN);
    const tried = { ...small, data: small.data.slice() };
    applyChange(tried, await this.networks.encode(small, signs), GRID, GRID, strength);
    const { evidence } = await this.networks.decode(tried);
    const change = await this.networks.encode(small, emphasised(signs, evidence.slice(0, SLOTS)));
    applyChange(photo, change, GRID, GRID, strength);
  }

  async find(photo: Pixels): Promise<Found> {
    return readMark(await this.networks.decode(reduced(photo, SHOWN)), this.slots);
  }
}

/** Tell what was heard in a photo; the first look that can be read is believed. */
export function readMark({ evidence, presence }: Heard, slots: Slots): Found {
  let agreement = -1;
  let seen = false;
  for (let look = 0; look < LOOKS; look++) {
    const heard = evidence.slice(look * SLOTS, (look + 1) * SLOTS);
    const beacon = slots.beacon(heard);
    const reading = readWord(slots.word(heard));
    seen ||= logistic(presence[look]) >= LIKELY || unevenness(heard) < EVEN;
    if (reading) {
      const falseAlarm = chanceOfReading(reading.repaired, LOOKS);
      const { payload, repaired } = reading;
      const marked = falseAlarm < FALSE_ALARM;
      return { marked, agreement: beacon, falseAlarm, payload, repaired, ofAnother: !marked && seen };
    }
    agreement = Math.max(agreement, beacon);
  }
  return { marked: false, agreement, falseAlarm: 1, ofAnother: seen };
}

function logistic(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

/** A number of its own for each photo, from samples of it and from the key. */
export function nonceOf(key: Key, { data, width, height }: Pixels): number {
  const samples = new Uint8Array(3 * GRID * GRID);
  const [rows, columns] = [sampled(height), sampled(width)];
  rows.forEach((y, row) => {
    columns.forEach((x, column) => {
      const at = 4 * (y * width + x);
      samples.set(data.subarray(at, at + 3), 3 * (row * GRID + column));
    });
  });
  const digest = hmac(sha256, key.derive("mark nonce"), samples);
  return new DataView(digest.buffer, digest.byteOffset).getUint32(0);
}

/** Which rows (or columns) of a photo are sampled. */
export function sampled(side: number): number[] {
  return Array.from({ length: GRID }, (_, step) => Math.floor(((2 * step + 1) * side) / (2 * GRID)));
}

/** Enlarge a change that was made on a small grid, and add it to a photo in place. */
export function applyChange(photo: Pixels, values: Float32Array, columns: number, rows: number, strength: number): void {
  const stretch = (grid: number, side: number) => (side < grid ? triangleTaps(grid, side) : cubicTaps(grid, side));
  const change = { values: values.map((value) => strength * value), width: columns, height: rows };
  const wide = resampleAcross(change, stretch(columns, photo.width));
  const down = stretch(rows, photo.height);
  addLuma(photo, (row, into) => downRow(wide, down, row, into));
}
