/** How strong a mark may be at each place of a photo, and what a detector listens to. */

import { type Pixels, type Plane, plane } from "./plane";

/** Side of the grid on which local contrast is measured, whatever the photo's size. */
const CONTRAST_GRID = 128;
const WINDOW = 9;

/** The luma (ITU-R BT.601) of a photo as means over a grid of at most 128 x 128 cells, 0..1. */
export function smallLuma({ data, width, height }: Pixels): Plane {
  const small = plane(Math.min(CONTRAST_GRID, width), Math.min(CONTRAST_GRID, height));
  const sums = new Float64Array(width + 1);
  const columns = edges(width, small.width);
  const rows = edges(height, small.height);
  const heap = new Float64Array(small.width * small.height);
  for (let y = 0, lowest = 0; y < height; y++) {
    for (let x = 0, at = 4 * y * width; x < width; x++, at += 4) {
      sums[x + 1] = sums[x] + 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2];
    }
    while (rows[lowest][1] <= y) lowest++;
    for (let row = lowest; row < small.height && rows[row][0] <= y; row++) {
      columns.forEach(([start, end], column) => (heap[row * small.width + column] += sums[end] - sums[start]));
    }
  }
  for (let row = 0; row < small.height; row++) {
    columns.forEach(([start, end], column) => {
      const pixels = (end - start) * (rows[row][1] - rows[row][0]);
      small.values[row * small.width + column] = heap[row * small.width + column] / (255 * pixels);
    });
  }
  return small;
}

/** Where each cell of an axis begins and ends; neighbours share a pixel that lies between them. */
function edges(from: number, to: number): [number, number][] {
  return Array.from({ length: to }, (_, cell) => [
    Math.floor((cell * from) / to),
    Math.ceil(((cell + 1) * from) / to),
  ]);
}

/** min(0.012 + 0.25 c, 0.06) with c the mean absolute deviation of the luma in a 9 x 9 window. */
export function loudnessOf(grey: Plane): Plane {
  const mean = windowMean(grey).values;
  const deviation = { ...grey, values: grey.values.map((value, place) => Math.abs(value - mean[place])) };
  const contrast = windowMean(deviation);
  return { ...contrast, values: contrast.values.map((value) => Math.min(0.012 + 0.25 * value, 0.06)) };
}

/** The luma's fine detail over the loudness a mark has there, pressed down where it is louder than any mark. */
export function heard(grey: Plane, strength: number): Plane {
  const mean = windowMean(grey).values;
  const loudness = loudnessOf(grey).values;
  const values = grey.values.map((value, place) => Math.tanh((value - mean[place]) / (2 * strength * loudness[place])));
  return { ...grey, values };
}

function windowMean(source: Plane): Plane {
  return turned(rowMean(turned(rowMean(source))));
}

function rowMean({ values, width, height }: Plane): Plane {
  const half = (WINDOW - 1) / 2;
  const mean = plane(width, height);
  for (let start = 0; start < values.length; start += width) {
    const at = (x: number): number => values[start + Math.min(Math.max(x, 0), width - 1)];
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let step = -half; step <= half; step++) sum += at(x + step);
      mean.values[start + x] = sum / WINDOW;
    }
  }
  return mean;
}

function turned({ values, width, height }: Plane): Plane {
  const other = plane(height, width);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) other.values[x * height + y] = values[y * width + x];
  return other;
}
