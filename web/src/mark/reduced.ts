/** Make a large photo smaller by averaging whole blocks, before something that looks at it coarsely anyway. */

import type { Pixels } from "./plane";

/** Neither side becomes shorter than `atLeast`; sides below twice that stay as they are. */
export function reduced(photo: Pixels, atLeast: number): Pixels {
  const [columns, rows] = [blocks(photo.width, atLeast), blocks(photo.height, atLeast)];
  const [width, height] = [columns.length - 1, rows.length - 1];
  if (width === photo.width && height === photo.height) return photo;
  const data = new Uint8ClampedArray(4 * width * height).fill(255);
  const sums = new Float64Array(3 * width);
  for (let row = 0; row < height; row++) {
    sums.fill(0);
    for (let y = rows[row]; y < rows[row + 1]; y++) addRow(photo, y, columns, sums);
    for (let column = 0; column < width; column++) {
      const pixels = (columns[column + 1] - columns[column]) * (rows[row + 1] - rows[row]);
      // The array rounds as NumPy does: to the nearest, halves to the even one.
      for (let c = 0; c < 3; c++) data[4 * (row * width + column) + c] = sums[3 * column + c] / pixels;
    }
  }
  return { data, width, height };
}

function addRow({ data, width }: Pixels, y: number, columns: number[], sums: Float64Array): void {
  for (let column = 0; column + 1 < columns.length; column++) {
    const [start, end] = [4 * (y * width + columns[column]), 4 * (y * width + columns[column + 1])];
    let [red, green, blue] = [0, 0, 0];
    for (let at = start; at < end; at += 4) {
      red += data[at];
      green += data[at + 1];
      blue += data[at + 2];
    }
    sums[3 * column] += red;
    sums[3 * column + 1] += green;
    sums[3 * column + 2] += blue;
  }
}

/** Where the blocks of one axis begin, and where the last one ends. */
function blocks(side: number, atLeast: number): number[] {
  const count = Math.floor(side / Math.max(1, Math.floor(side / atLeast)));
  return Array.from({ length: count + 1 }, (_, block) => Math.floor((block * side) / count));
}
