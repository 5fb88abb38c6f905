/**
 * A mark on a small photo is louder, since fewer pixels carry it; why these numbers says
 * src/unfind/triggers/strength_by_size.py.
 */

/** Shorter sides, in pixels, from which on a mark is as strong as asked, and down to which it grows louder. */
const LARGE = 256;
const SMALL = 128;
/** Times as strong, on a small photo. */
const MOST = 1.4;
/** No mark becomes stronger than this because of its photo's size. */
const ENOUGH = 1;

/** How strong a mark is on a photo of a size. */
export function strengthBySize(strength: number, { width, height }: { width: number; height: number }): number {
  const missing = (LARGE - Math.min(width, height)) / (LARGE - SMALL);
  const factor = 1 + (MOST - 1) * Math.min(Math.max(missing, 0), 1);
  return Math.max(strength, Math.min(strength * factor, ENOUGH));
}
