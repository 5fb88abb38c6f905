/** The chunks of a WebP file. */

import { Problem } from "../problem";
import { fromText, join, number, numberBytes, text } from "./bytes";
import type { Container, Facts } from "./container";

const HEADER = 12;
/** Bits of the extended header. */
const [EXIF, ALPHA, ICC] = [0x08, 0x10, 0x20];

interface Chunk {
  name: string;
  body: Uint8Array;
}

export const webp: Container = {
  facts(file) {
    const chunks = split(file);
    if (chunks.some(({ name }) => name === "ANIM")) throw new Problem("photo.moving");
    const facts: Facts = { format: "webp", ...size(chunks) };
    const exif = chunks.find(({ name }) => name === "EXIF");
    if (exif) facts.exif = text(exif.body, 0, 6) === "Exif\0\0" ? exif.body.slice(6) : exif.body;
    const icc = chunks.find(({ name }) => name === "ICCP");
    if (icc) facts.icc = icc.body;
    return facts;
  },

  withBlocks(file, exif, icc) {
    const chunks = split(file);
    const picture = chunks.filter(({ name }) => ["VP8 ", "VP8L", "ALPH"].includes(name));
    const { width, height } = size(chunks);
    const flags = (exif ? EXIF : 0) | (icc ? ICC : 0) | (hasAlpha(chunks) ? ALPHA : 0);
    const extended = join(Uint8Array.of(flags, 0, 0, 0), numberBytes(width - 1, 3, true), numberBytes(height - 1, 3, true));
    const all: Chunk[] = [{ name: "VP8X", body: extended }];
    if (icc) all.push({ name: "ICCP", body: icc });
    all.push(...picture);
    if (exif) all.push({ name: "EXIF", body: exif });
    const body = join(fromText("WEBP"), ...all.map(written));
    return join(fromText("RIFF"), numberBytes(body.length, 4, true), body);
  },
};

function split(file: Uint8Array): Chunk[] {
  const end = 8 + number(file, 4, 4, true);
  if (end > file.length) throw new Problem("photo.damaged");
  const chunks: Chunk[] = [];
  for (let at = HEADER; at + 8 <= end; ) {
    const length = number(file, at + 4, 4, true);
    if (at + 8 + length > end) throw new Problem("photo.damaged");
    chunks.push({ name: text(file, at, at + 4), body: file.subarray(at + 8, at + 8 + length) });
    at += 8 + length + (length % 2);
  }
  return chunks;
}

function size(chunks: Chunk[]): { width: number; height: number } {
  const of = (name: string): Uint8Array | undefined => chunks.find((chunk) => chunk.name === name)?.body;
  const [extended, lossy, lossless] = [of("VP8X"), of("VP8 "), of("VP8L")];
  if (extended) return { width: 1 + number(extended, 4, 3, true), height: 1 + number(extended, 7, 3, true) };
  if (lossy) return { width: number(lossy, 6, 2, true) & 0x3fff, height: number(lossy, 8, 2, true) & 0x3fff };
  if (!lossless) throw new Problem("photo.damaged");
  const bits = number(lossless, 1, 4, true);
  return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
}

function hasAlpha(chunks: Chunk[]): boolean {
  const lossless = chunks.find(({ name }) => name === "VP8L")?.body;
  return chunks.some(({ name }) => name === "ALPH") || (lossless !== undefined && ((lossless[4] >> 4) & 1) === 1);
}

function written({ name, body }: Chunk): Uint8Array {
  return join(fromText(name), numberBytes(body.length, 4, true), body, new Uint8Array(body.length % 2));
}

