import { expect, it } from "vitest";
import { unevenness } from "../../src/mark/unevenness";
import vectors from "../../../tests/triggers/mark_vectors.json";

it.each(vectors.reading)("hears as Python does how even signs are: $uneven", ({ evidence, uneven }) => {
  expect(unevenness(Float32Array.from(evidence))).toBeCloseTo(uneven, 6);
});

it.each([
  [[1, -1, 1, -1], 0],
  [[2, -6], 0.5],
  [[0, 0], Infinity],
])("is the deviation of loudness over its mean: %j", (signs, expected) => {
  expect(unevenness(Float32Array.from(signs))).toBe(expected);
});
