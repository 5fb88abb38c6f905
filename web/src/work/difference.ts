/** What the mark has changed, made visible. */

import { type Pixels, sameSize } from "../mark/plane";

/** Mid-grey where nothing changed, lighter and darker where the photo did, `gain` times as much. */
export function difference(before: Pixels, after: Pixels, gain: number): Pixels {
  if (!sameSize(before, after)) throw new RangeError("photos of one size have a difference, others do not");
  const data = new Uint8ClampedArray(after.data.length);
  for (let at = 0; at < data.length; at++) {
    data[at] = at % 4 === 3 ? 255 : 128 + gain * (after.data[at] - before.data[at]);
  }
  return { ...after, data };
}
