/** Change the size of pictures, pixel for pixel as the mark's makers do on their side. */

import { type Plane, plane } from "./plane";

/** For one axis: which inputs, from `first[i]` on, make output i, and with what weights. */
export interface Taps {
  first: Int32Array;
  count: number;
  weights: Float32Array;
}

/** Linear interpolation that takes all values into account when it makes a picture smaller. */
export function triangleTaps(from: number, to: number): Taps {
  const scale = from / to;
  const support = Math.max(scale, 1);
  return taps(to, Math.min(from, Math.ceil(support) * 2 + 1), (output) => {
    const centre = scale * (output + 0.5);
    const first = Math.max(Math.trunc(centre - support + 0.5), 0);
    const end = Math.min(Math.trunc(centre + support + 0.5), from);
    const weights = Array.from({ length: end - first }, (_, step) => {
      return Math.max(0, 1 - Math.abs((step + first - centre + 0.5) / support));
    });
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return [first, weights.map((weight) => weight / sum)];
  });
}

/** Linear interpolation between centres, the edge repeated. */
export function linearTaps(from: number, to: number): Taps {
  return taps(to, 2, (output) => {
    const place = Math.max((output + 0.5) * (from / to) - 0.5, 0);
    const first = Math.min(Math.floor(place), Math.max(from - 2, 0));
    const share = Math.min(place - first, 1);
    return from === 1 ? [0, [1, 0]] : [first, [1 - share, share]];
  });
}

/** Weights of cubic convolution (Keys 1981) with a = -0.75, the edge repeated. */
export function cubicTaps(from: number, to: number): Taps {
  return taps(to, 4, (output) => {
    const place = (output + 0.5) * (from / to) - 0.5;
    const base = Math.floor(place);
    const first = Math.min(Math.max(base - 1, 0), Math.max(from - 4, 0));
    const weights = [0, 0, 0, 0];
    for (let step = -1; step <= 2; step++) {
      const input = Math.min(Math.max(base + step, 0), from - 1);
      weights[input - first] += cubic(Math.abs(place - (base + step)));
    }
    return [first, weights];
  });
}

function cubic(distance: number): number {
  const a = -0.75;
  if (distance <= 1) return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
  return distance < 2 ? ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a : 0;
}

function taps(outputs: number, count: number, of: (output: number) => [number, number[]]): Taps {
  const first = new Int32Array(outputs);
  const weights = new Float32Array(outputs * count);
  for (let output = 0; output < outputs; output++) {
    const [start, found] = of(output);
    first[output] = start;
    weights.set(found, output * count);
  }
  return { first, count, weights };
}

function acrossRow(from: Float32Array, start: number, width: number, taps: Taps, to: Float32Array, at: number): void {
  const { first, count, weights } = taps;
  for (let output = 0; output < first.length; output++) {
    const last = Math.min(count, width - first[output]);
    let sum = 0;
    for (let tap = 0; tap < last; tap++) sum += weights[output * count + tap] * from[start + first[output] + tap];
    to[at + output] = sum;
  }
}

/** One row of the result of enlarging or shrinking downwards. */
export function downRow(source: Plane, taps: Taps, row: number, into: Float32Array): void {
  const { width, height } = source;
  into.fill(0);
  const last = Math.min(taps.count, height - taps.first[row]);
  for (let tap = 0; tap < last; tap++) {
    const weight = taps.weights[row * taps.count + tap];
    if (weight === 0) continue;
    const start = (taps.first[row] + tap) * width;
    for (let column = 0; column < width; column++) into[column] += weight * source.values[start + column];
  }
}

/** Only across: a plane as high as before. */
export function resampleAcross(source: Plane, across: Taps): Plane {
  const target = plane(across.first.length, source.height);
  for (let row = 0; row < source.height; row++) {
    acrossRow(source.values, row * source.width, source.width, across, target.values, row * target.width);
  }
  return target;
}
