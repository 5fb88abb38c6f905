/** Protect one photo: mark it, write it, read it again, and look whether the mark is there. */

import type { Found, Mark } from "../mark/mark";
import type { Pixels } from "../mark/plane";
import { decode, encode } from "../photo/codec";
import { Problem } from "../problem";
import { psnr } from "./psnr";

/**
 * How many times as strong as asked for a mark is made, in turn, until it is read back from the written file: up to
 * 6 dB, beyond which people would see what they did not ask for.
 */
const LOUDER = [1, 1.25, 1.5, 2];

export interface How {
  strength: number;
  /** 1..100; undefined for the photo's own. */
  quality: number | undefined;
}

export interface Protected {
  file: Uint8Array<ArrayBuffer>;
  format: string;
  width: number;
  height: number;
  found: Found;
  louder: number;
  /** Of the written file against the photo, dB. */
  psnr: number;
}

export async function protect(file: Uint8Array, mark: Mark, { strength, quality }: How): Promise<Protected> {
  const { facts, pixels } = await decode(file);
  if ((await mark.find(pixels)).marked) throw new Problem("photo.protectedAlready");
  for (const louder of LOUDER) {
    const marked: Pixels = { ...pixels, data: pixels.data.slice() };
    await mark.add(marked, strength * louder);
    const written = await encode(marked, facts, quality);
    const again = (await decode(written)).pixels;
    const found = await mark.find(again);
    if (found.marked) {
      const { width, height } = pixels;
      return { file: written, format: facts.format, width, height, found, louder, psnr: psnr(pixels, again) };
    }
  }
  throw new Problem("photo.notReadBack");
}
