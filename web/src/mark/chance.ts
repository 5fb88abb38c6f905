/** How likely a mark is found where none was made: bounds that rest on the draw of the key, and on no sample of photos. */

import { CORRECTS, LENGTH } from "./bch";
import { FREE_BITS } from "./payload";
import { TRIALS } from "./softReading";

/** A photo counts as marked when an unmarked one would look like this less often than that. */
export const FALSE_ALARM = 1e-6;

/** Upper bound of the chance that a photo without the key's mark gives a payload with so few repaired bits. */
export function chanceOfReading(repaired: number, windows: number): number {
  const tried = TRIALS * wordsWithin(Math.min(repaired, CORRECTS));
  return Math.min(1, windows * Math.min(tried, wordsWithin(repaired)) * 2 ** (FREE_BITS - LENGTH));
}

/** How many words of 127 bits differ from a given one in at most so many bits. */
function wordsWithin(distance: number): number {
  let choices = 1;
  let sum = 1;
  for (let wrong = 1; wrong <= Math.min(distance, LENGTH); wrong++) {
    choices *= (LENGTH + 1 - wrong) / wrong;
    sum += choices;
  }
  return sum;
}

const FLATTEST = 1e-9;
const STEEPEST = 1e6;

/**
 * Upper bound of the chance that so many uniform phases have a mean cosine of `agreement` or more.
 *
 * Chernoff's bound inf_t (I0(t) exp(-t a))^M, with I0 the modified Bessel function: the mean of exp(t cos x) over the
 * circle. Any t gives a bound, the best one is where I1(t) / I0(t) = a.
 */
export function chanceOfAgreement(agreement: number, count: number): number {
  if (agreement <= meanCosine(FLATTEST)) return 1;
  if (agreement >= 1) return 0;
  let [low, high] = [Math.log(FLATTEST), Math.log(STEEPEST)];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (meanCosine(Math.exp(middle)) < agreement) low = middle;
    else high = middle;
  }
  const best = Math.exp((low + high) / 2);
  return Math.exp(count * (Math.log(scaledMean(best, 0)) + best * (1 - agreement)));
}

function meanCosine(t: number): number {
  return scaledMean(t, 1) / scaledMean(t, 0);
}

/** exp(-t) I_n(t) for n = 0 or 1: the mean of cos(x)^n exp(t (cos x - 1)) over the circle. */
function scaledMean(t: number, order: 0 | 1): number {
  // The midpoint rule converges faster than any power of the step; the peak is about 1 / sqrt(t) wide.
  const steps = Math.ceil(40 + 8 * Math.sqrt(t));
  let sum = 0;
  for (let step = 0; step < steps; step++) {
    const cosine = Math.cos((Math.PI * (step + 0.5)) / steps);
    sum += cosine ** order * Math.exp(t * (cosine - 1));
  }
  return sum / steps;
}
