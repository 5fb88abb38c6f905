/** What every mark can do, whichever it is. */

import type { Payload } from "./payload";
import type { Pixels } from "./plane";

export interface Found {
  marked: boolean;
  /** Between the photo and the key, -1..1; near 0 without the mark. */
  agreement: number;
  /** Upper bound of the chance that an unmarked photo looks like this. */
  falseAlarm: number;
  /** What the mark says, where it says something. */
  payload?: Payload;
  /** Bits of it that had to be repaired. */
  repaired?: number;
  /** Whether there seems to be a mark that this key does not read; a hint without a bound. */
  ofAnother?: boolean;
}

export interface Mark {
  /** Put the mark into a photo, in place. */
  add(photo: Pixels, strength: number): Promise<void>;
  /** Look for the mark. */
  find(photo: Pixels): Promise<Found>;
}
