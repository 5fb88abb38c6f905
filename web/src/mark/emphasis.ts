/** Slots that can hardly be heard in a photo are written louder, and those that stand out less so. */

const MOST = 2.5;
const LESS = 0.5;

/**
 * Signs that carry how loudly they should be written.
 *
 * @param signs +1 or -1, as the mark was written at first.
 * @param heard what the decoder heard of it then, slot by slot.
 */
export function emphasised(signs: Float32Array, heard: Float32Array): Float32Array {
  const clear = signs.map((sign, slot) => sign * heard[slot]);
  const middle = median(clear);
  if (middle <= 0) return signs.slice();
  return signs.map((sign, slot) => sign * Math.min(MOST, Math.max(LESS, 2 - clear[slot] / middle)));
}

function median(values: Float32Array): number {
  const sorted = values.slice().sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
