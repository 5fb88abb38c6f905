import { expect, it } from "vitest";
import { plane } from "../../src/mark/plane";
import { cubicTaps, downRow, linearTaps, resampleAcross, triangleTaps } from "../../src/mark/resize";

const MAKERS = [linearTaps, cubicTaps, triangleTaps];

it.each([[1, 5], [2, 7], [3, 9], [128, 301], [128, 40], [50, 50]])("gives weights that add up to one: %d to %d", (from, to) => {
  for (const make of MAKERS) {
    const { first, count, weights } = make(from, to);
    for (let output = 0; output < to; output++) {
      let sum = 0;
      for (let tap = 0; tap < Math.min(count, from - first[output]); tap++) sum += weights[output * count + tap];
      expect(sum).toBeCloseTo(1, 5);
    }
  }
});

it("does across what it does downwards", () => {
  const values = Float32Array.from({ length: 6 }, (_, place) => (place * 7) % 5);
  for (const make of MAKERS) {
    const across = resampleAcross({ values, width: 6, height: 1 }, make(6, 13));
    const row = new Float32Array(1);
    for (let place = 0; place < 13; place++) {
      downRow({ values, width: 1, height: 6 }, make(6, 13), place, row);
      expect(row[0]).toBeCloseTo(across.values[place], 5);
    }
  }
});

it("leaves a ramp a ramp between its ends", () => {
  const ramp = { ...plane(20, 1), values: Float32Array.from({ length: 20 }, (_, place) => place) };
  // Cubic convolution does so exactly for a = -0.5 only; with -0.75 it keeps more of fine detail.
  for (const [make, gap] of [[linearTaps, 1e-5], [triangleTaps, 1e-5], [cubicTaps, 0.05]] as const) {
    const { values } = resampleAcross(ramp, make(20, 40));
    for (let place = 6; place < 34; place++) expect(Math.abs(values[place] - ((place + 0.5) / 2 - 0.5))).toBeLessThan(gap);
  }
});
