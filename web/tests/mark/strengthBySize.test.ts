import { expect, it } from "vitest";
import { strengthBySize } from "../../src/mark/strengthBySize";
import vectors from "../../../tests/triggers/mark_vectors.json";

it.each(vectors.strength_by_size)("makes $asked on $height x $width what Python makes of it", (one) => {
  const { asked, height, width, strength } = one;
  expect(strengthBySize(asked, { width, height })).toBe(strength);
});
