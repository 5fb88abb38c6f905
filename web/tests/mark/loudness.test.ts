import { expect, it } from "vitest";
import { heard, loudnessOf, smallLuma } from "../../src/mark/loudness";
import { every, photo } from "../photo";
import { spread } from "../vectors.json";

it.each(spread)("is as loud as Python allows in $width x $height pixels", (expected) => {
  const grey = smallLuma(photo(expected.width, expected.height));
  every(loudnessOf(grey).values).forEach((value, place) => expect(value).toBeCloseTo(expected.loudness[place], 5));
  every(heard(grey, 1).values).forEach((value, place) => expect(value).toBeCloseTo(expected.heard[place], 4));
});

it("means over cells as a slow loop does", () => {
  const { data, width, height } = photo(301, 207);
  const grey = smallLuma({ data, width, height });
  for (const [row, column] of [[0, 0], [64, 17], [127, 127]]) {
    let sum = 0;
    let count = 0;
    for (let y = Math.floor((row * height) / 128); y < Math.ceil(((row + 1) * height) / 128); y++) {
      for (let x = Math.floor((column * width) / 128); x < Math.ceil(((column + 1) * width) / 128); x++, count++) {
        const at = 4 * (y * width + x);
        sum += (0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2]) / 255;
      }
    }
    expect(grey.values[row * 128 + column]).toBeCloseTo(sum / count, 6);
  }
});
