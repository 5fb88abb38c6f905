/** Add a change of brightness to a photo, row by row, the same to red, green and blue. */

import type { Pixels } from "./plane";

/**
 * Change a photo in place.
 *
 * @param change fills the change of one row, 1 being the whole range of brightness.
 */
export function addLuma(photo: Pixels, change: (row: number, into: Float32Array) => void): void {
  const { data, width, height } = photo;
  const row = new Float32Array(width);
  for (let y = 0; y < height; y++) {
    change(y, row);
    for (let x = 0, at = 4 * y * width; x < width; x++, at += 4) {
      const more = 255 * row[x];
      // The array rounds to the nearest and stays within 0..255.
      data[at] = data[at] + more;
      data[at + 1] = data[at + 1] + more;
      data[at + 2] = data[at + 2] + more;
    }
  }
}
