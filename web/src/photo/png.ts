/** The chunks of a PNG file. */

import { Problem } from "../problem";
import { fromText, join, number, numberBytes, text } from "./bytes";
import type { Container, Facts } from "./container";

const SIGNATURE = 8;
/** Needed for the picture itself; all others are left out. */
const PICTURE = new Set(["IHDR", "PLTE", "tRNS", "IDAT", "IEND"]);
const COLOUR = 2;

interface Chunk {
  name: string;
  body: Uint8Array;
}

export const png: Container = {
  facts(file) {
    const chunks = split(file);
    const header = chunks[0];
    if (header?.name !== "IHDR" || header.body.length !== 13) throw new Problem("photo.damaged");
    const facts: Facts = { format: "png", width: number(header.body, 0, 4), height: number(header.body, 4, 4) };
    const exif = chunks.find(({ name }) => name === "eXIf");
    if (exif) facts.exif = exif.body;
    const icc = chunks.find(({ name }) => name === "iCCP");
    if (icc && inRgb(chunks)) facts.icc = icc.body;
    return facts;
  },

  withBlocks(file, exif, icc) {
    const chunks = split(file);
    const [header, ...kept] = chunks.filter(({ name }) => PICTURE.has(name) || (name === "iCCP" && !inRgb(chunks)));
    const added: Chunk[] = [];
    if (icc) added.push({ name: "iCCP", body: icc });
    if (exif) added.push({ name: "eXIf", body: exif });
    return join(file.slice(0, SIGNATURE), ...[header, ...added, ...kept].map(written));
  },
};

function inRgb(chunks: Chunk[]): boolean {
  return (chunks[0].body[9] & COLOUR) !== 0;
}

function split(file: Uint8Array): Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = SIGNATURE; at + 12 <= file.length; ) {
    const length = number(file, at, 4);
    if (at + 12 + length > file.length) break;
    const name = text(file, at + 4, at + 8);
    chunks.push({ name, body: file.subarray(at + 8, at + 8 + length) });
    if (name === "IEND") return chunks;
    at += 12 + length;
  }
  throw new Problem("photo.damaged");
}

function written({ name, body }: Chunk): Uint8Array {
  const named = join(fromText(name), body);
  return join(numberBytes(body.length, 4), named, numberBytes(crc(named), 4));
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** CRC-32 (ISO 3309), as PNG wants it. */
export function crc(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = TABLE[(value ^ byte) & 255] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}
