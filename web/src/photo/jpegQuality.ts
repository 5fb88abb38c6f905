/** Estimate how strongly a JPEG was compressed, from its luminance steps. */

/** The example table of ITU-T T.81, annex K.1, in the zigzag order of files. */
const STANDARD = [
  16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51, 61, 60,
  57, 51, 56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87, 95, 98, 103, 104, 103, 62, 77, 113, 121, 112,
  100, 120, 92, 101, 103, 99,
];

/** The quality, 1..100, whose standard table is nearest in ratio; of equally near ones the higher. */
export function estimateQuality(steps: readonly number[]): number {
  let [best, least] = [100, Infinity];
  for (let quality = 100; quality >= 1; quality--) {
    const percent = quality < 50 ? Math.floor(5000 / quality) : 200 - 2 * quality;
    const distance = STANDARD.reduce((sum, step, place) => {
      const standard = Math.min(Math.max(Math.floor((step * percent + 50) / 100), 1), 255);
      return sum + Math.abs(Math.log(standard) - Math.log(Math.max(steps[place], 1)));
    }, 0);
    if (distance < least - 1e-9) [best, least] = [quality, distance];
  }
  return best;
}
