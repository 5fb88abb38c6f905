/**
 * Do signs sound as if somebody had written them? A mark's are heard about equally loudly, noise is not; see
 * src/unfind/triggers/unevenness.py.
 */

/** Below this, a mark that cannot be read is spoken of. */
export const EVEN = 0.5;

/** Standard deviation of how loudly signs are heard, as a share of the mean; infinite where nothing is heard. */
export function unevenness(heard: Float32Array): number {
  const loud = Array.from(heard, Math.abs);
  const mean = loud.reduce((sum, value) => sum + value, 0) / loud.length;
  const variance = loud.reduce((sum, value) => sum + (value - mean) ** 2, 0) / loud.length;
  return mean > 0 ? Math.sqrt(variance) / mean : Infinity;
}
