import type { Pixels } from "../src/mark/plane";

/** The photo of make_vectors.py. */
export function photo(width: number, height: number): Pixels {
  const data = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) data[4 * (y * width + x) + c] = (2 * x + y + 20 * c + ((x * y) % 17)) % 256;
    }
  }
  return { data, width, height };
}

/** Red, green and blue of every 29th pixel. */
export function some({ data }: Pixels): number[] {
  const found: number[] = [];
  for (let at = 0; at < data.length; at += 4 * 29) found.push(data[at], data[at + 1], data[at + 2]);
  return found;
}

/** The share of values that differ by more than one level, and by any. */
export function differences(one: number[], other: number[]): { most: number; share: number } {
  const gaps = one.map((value, place) => Math.abs(value - other[place]));
  return { most: Math.max(...gaps), share: gaps.filter((gap) => gap > 0).length / gaps.length };
}

export function bits(text: string): Uint8Array {
  return Uint8Array.from(text, Number);
}

/** Every so-many-th value, as make_vectors.py keeps them. */
export function every(values: Float32Array, step = 101): number[] {
  return [...values].filter((_, place) => place % step === 0);
}

interface Rgb {
  width: number;
  height: number;
  rgb: string;
}

/** Pixels of bytes in base64: red, green, blue. */
export function fromRgb({ width, height, rgb }: Rgb): Pixels {
  const bytes = Uint8Array.from(atob(rgb), (character) => character.charCodeAt(0));
  const data = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let at = 0; at < bytes.length; at++) data[4 * Math.floor(at / 3) + (at % 3)] = bytes[at];
  return { data, width, height };
}

/** Size, then red, green and blue of each pixel. */
export function rgb({ data, width, height }: Pixels): number[] {
  return [width, height, ...data.filter((_, place) => place % 4 !== 3)];
}
