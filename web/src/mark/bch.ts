/**
 * The binary BCH code of 127 bits that repairs any 10 wrong ones, with a message of 64 bits.
 *
 * Bose and Ray-Chaudhuri (1960), Hocquenghem (1959); decoded as Berlekamp (1968) and Massey (1969) have shown, with
 * Chien's search. A word is message, parity; its first bit belongs to the highest power of x.
 */

import type { Bits } from "./checksum";

const DEGREE = 7;
/** A primitive polynomial over GF(2), bit i for x^i: it makes the field GF(2^7). */
const PRIMITIVE = 0b10001001;
export const LENGTH = 2 ** DEGREE - 1;
export const CORRECTS = 10;

const { powers, logarithms } = field();
const GENERATOR = generator();
const PARITY = BigInt(GENERATOR.toString(2).length - 1);
export const MESSAGE_BITS = LENGTH - Number(PARITY);

/** The word of a message: the message itself, then the remainder of its division. */
export function encode(message: Bits): Bits {
  if (message.length !== MESSAGE_BITS) throw new RangeError(`expected ${MESSAGE_BITS} bits, got ${message.length}`);
  const shifted = BigInt(`0b${message.join("")}`) << PARITY;
  const parity = remainder(shifted, GENERATOR).toString(2).padStart(Number(PARITY), "0");
  return Uint8Array.from([...message, ...Array.from(parity, Number)]);
}

export interface Decoded {
  message: Bits;
  /** How many bits were wrong, at most CORRECTS. */
  wrong: number;
}

/** Read a word; null where no word of the code is near enough. */
export function decode(word: Bits): Decoded | null {
  if (word.length !== LENGTH) throw new RangeError(`expected ${LENGTH} bits, got ${word.length}`);
  const found = syndromes(word);
  if (found.every((value) => value === 0)) return { message: word.slice(0, MESSAGE_BITS), wrong: 0 };
  const locator = berlekampMassey(found);
  const wrong = chien(locator);
  if (locator.length - 1 > CORRECTS || wrong.length !== locator.length - 1) return null;
  const repaired = word.slice();
  for (const place of wrong) repaired[place] ^= 1;
  // A locator of the right degree may still belong to no word at all.
  if (syndromes(repaired).some((value) => value !== 0)) return null;
  return { message: repaired.slice(0, MESSAGE_BITS), wrong: wrong.length };
}

/** Powers of the generator of the field, twice around, and the logarithm of each element. */
function field(): { powers: Uint8Array; logarithms: Uint8Array } {
  const powers = new Uint8Array(2 * LENGTH);
  const logarithms = new Uint8Array(LENGTH + 1);
  let element = 1;
  for (let exponent = 0; exponent < LENGTH; exponent++) {
    powers[exponent] = powers[exponent + LENGTH] = element;
    logarithms[element] = exponent;
    element <<= 1;
    if (element >> DEGREE) element ^= PRIMITIVE;
  }
  return { powers, logarithms };
}

function multiply(one: number, other: number): number {
  return one && other ? powers[logarithms[one] + logarithms[other]] : 0;
}

/** The product of the minimal polynomials of the powers 1..2t, bit i for x^i. */
function generator(): bigint {
  const covered = new Set<number>();
  let product = 1n;
  for (let power = 1; power <= 2 * CORRECTS; power += 2) {
    if (covered.has(power % LENGTH)) continue;
    const roots: number[] = [];
    for (let other = power % LENGTH; !roots.includes(other); other = (2 * other) % LENGTH) roots.push(other);
    for (const root of roots) covered.add(root);
    product = times(product, minimalPolynomial(roots));
  }
  return product;
}

/** The product of (x - root) over conjugate roots, whose coefficients all are 0 or 1. */
function minimalPolynomial(exponents: number[]): bigint {
  let coefficients = [1];
  for (const exponent of exponents) {
    const shifted = [0, ...coefficients];
    coefficients.forEach((value, place) => (shifted[place] ^= multiply(value, powers[exponent])));
    coefficients = shifted;
  }
  return coefficients.reduce((sum, bit, place) => sum + (BigInt(bit) << BigInt(place)), 0n);
}

/** The product of two polynomials over GF(2). */
function times(one: bigint, other: bigint): bigint {
  let product = 0n;
  for (let place = 0n; other >> place; place++) if ((other >> place) & 1n) product ^= one << place;
  return product;
}

/** The remainder of a division of polynomials over GF(2). */
function remainder(number: bigint, divisor: bigint): bigint {
  const bits = (value: bigint): number => (value ? value.toString(2).length : 0);
  for (let excess = bits(number) - bits(divisor); excess >= 0; excess = bits(number) - bits(divisor)) {
    number ^= divisor << BigInt(excess);
  }
  return number;
}

/** The word, as a polynomial, at the powers 1..2t of the field's generator. */
function syndromes(word: Bits): number[] {
  const found = new Array<number>(2 * CORRECTS).fill(0);
  word.forEach((bit, place) => {
    if (!bit) return;
    const exponent = LENGTH - 1 - place;
    for (let power = 1; power <= found.length; power++) found[power - 1] ^= powers[(exponent * power) % LENGTH];
  });
  return found;
}

/** The shortest recurrence that the syndromes obey, lowest coefficient first: the error locator. */
function berlekampMassey(found: number[]): number[] {
  let locator = [1];
  let before = [1];
  let length = 0;
  let gap = 1;
  let last = 1;
  found.forEach((syndrome, place) => {
    let discrepancy = syndrome;
    for (let back = 1; back <= Math.min(length, locator.length - 1); back++) {
      discrepancy ^= multiply(locator[back], found[place - back]);
    }
    if (discrepancy === 0) {
      gap += 1;
      return;
    }
    const factor = powers[(logarithms[discrepancy] - logarithms[last] + LENGTH) % LENGTH];
    const mixed = locator.concat(new Array<number>(Math.max(0, gap + before.length - locator.length)).fill(0));
    before.forEach((value, step) => (mixed[gap + step] ^= multiply(factor, value)));
    if (2 * length <= place) {
      length = place + 1 - length;
      before = locator;
      last = discrepancy;
      gap = 1;
    } else {
      gap += 1;
    }
    locator = mixed;
  });
  while (locator.at(-1) === 0) locator.pop();
  return locator;
}

/** Where the wrong bits are: the places whose inverse is a root of the locator. */
function chien(locator: number[]): number[] {
  const wrong: number[] = [];
  for (let exponent = 0; exponent < LENGTH; exponent++) {
    let total = 0;
    locator.forEach((value, power) => {
      if (value) total ^= powers[(logarithms[value] + (LENGTH - exponent) * power) % LENGTH];
    });
    if (total === 0) wrong.push(LENGTH - 1 - exponent);
  }
  return wrong;
}
