import { describe, expect, it } from "vitest";
import { Key } from "../../src/mark/key";
import { SpreadSpectrum } from "../../src/mark/spreadSpectrum";
import { differences, photo, some } from "../photo";
import { key as keyText, spread } from "../vectors.json";

const mark = new SpreadSpectrum(Key.fromText(keyText.text));

describe.each(spread)("on $width x $height pixels", (expected) => {
  it("draws Python's carriers", () => {
    expect(mark.carriers.frequencies).toEqual(expected.frequencies);
    mark.carriers.phases.forEach((phase, wave) => expect(phase).toBeCloseTo(expected.phases[wave], 12));
  });

  it("writes what Python writes, and leaves opacity alone", async () => {
    const marked = photo(expected.width, expected.height);
    await mark.add(marked, 0.8);
    const { most, share } = differences(some(marked), expected.marked);
    expect(most).toBeLessThanOrEqual(1);
    expect(share).toBeLessThan(0.001);
    expect(marked.data.filter((_, place) => place % 4 === 3).every((value) => value === 255)).toBe(true);
  });

  it("finds what Python finds", async () => {
    const pixels = photo(expected.width, expected.height);
    expect((await mark.find(pixels)).agreement).toBeCloseTo(expected.plain, 3);
    await mark.add(pixels, 0.8);
    const found = await mark.find(pixels);
    expect(found.agreement).toBeCloseTo(expected.agreement, 2);
  });
});

it("is found by its own key only", async () => {
  const pixels = photo(301, 207);
  await mark.add(pixels, 1);
  expect((await mark.find(pixels)).marked).toBe(true);
  expect((await mark.find(pixels)).falseAlarm).toBeLessThan(1e-6);
  expect((await new SpreadSpectrum(Key.fresh()).find(pixels)).marked).toBe(false);
});
