import { expect, it } from "vitest";
import { difference } from "../../src/work/difference";
import { psnr } from "../../src/work/psnr";
import { photo } from "../photo";

it("measures how near photos are", () => {
  const one = photo(20, 10);
  expect(psnr(one, photo(20, 10))).toBe(Infinity);
  const other = photo(20, 10);
  other.data[0] += 6; // one value of six hundred
  expect(psnr(one, other)).toBeCloseTo(10 * Math.log10(255 ** 2 / (36 / 600)), 9);
});

it("shows changes around grey, as much amplified as was asked", () => {
  const before = photo(4, 3);
  const after = photo(4, 3);
  after.data[0] += 3;
  after.data[5] -= 2;
  const shown = difference(before, after, 10).data;
  expect([...shown.slice(0, 8)]).toEqual([158, 128, 128, 255, 128, 108, 128, 255]);
  expect(() => difference(before, photo(3, 4), 1)).toThrow(RangeError);
});
