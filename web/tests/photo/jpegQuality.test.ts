import { expect, it } from "vitest";
import { estimateQuality } from "../../src/photo/jpegQuality";

/** The first eight steps of libjpeg's luminance table, in the order of files. */
const FIRST: Record<number, number[]> = {
  50: [16, 11, 12, 14, 12, 10, 16, 14],
  75: [8, 6, 6, 7, 6, 5, 8, 7],
  90: [3, 2, 2, 3, 2, 2, 3, 3],
};
const STANDARD = [
  16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51, 61, 60,
  57, 51, 56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87, 95, 98, 103, 104, 103, 62, 77, 113, 121, 112,
  100, 120, 92, 101, 103, 99,
];

function table(quality: number): number[] {
  const percent = quality < 50 ? Math.floor(5000 / quality) : 200 - 2 * quality;
  return STANDARD.map((step) => Math.min(Math.max(Math.floor((step * percent + 50) / 100), 1), 255));
}

it.each(Object.entries(FIRST))("scales the table as libjpeg does at %s", (quality, first) => {
  expect(table(Number(quality)).slice(0, 8)).toEqual(first);
});

it("knows every quality of libjpeg", () => {
  for (let quality = 2; quality <= 100; quality++) expect(estimateQuality(table(quality))).toBe(quality);
});

it("takes the highest quality that fits", () => {
  expect(estimateQuality(new Array<number>(64).fill(1))).toBe(100);
  expect(estimateQuality(new Array<number>(64).fill(255))).toBeLessThan(10);
});
