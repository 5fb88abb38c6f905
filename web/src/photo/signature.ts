/** Which kind of file some bytes are, told by their first bytes; a file's name is never asked. */

import { Problem } from "../problem";
import { text } from "./bytes";

export type Format = "jpeg" | "png" | "webp";

/** The longest stretch any rule looks at. */
const HEAD = 1024;

const ACCEPTED: Record<Format, RegExp> = {
  jpeg: /^\xff\xd8\xff/,
  png: /^\x89PNG\r\n\x1a\n/,
  webp: /^RIFF[^]{4}WEBP/,
};

/** Kinds people mistake for photos we take; named, so that the refusal helps. First match wins. */
const REFUSED: [string, RegExp][] = [
  ["GIF", /^GIF8[79]a/],
  ["TIFF / RAW", /^(?:II[\x2a\x2b]\0|MM\0[\x2a\x2b])/],
  ["AVIF", /^[^]{4}ftypavi[fs]/],
  ["HEIC", /^[^]{4}ftyp(?:hei|hev|mif1|msf1)/],
  ["video", /^(?:[^]{4}ftyp|RIFF[^]{4}AVI |\x1aE\xdf\xa3)/],
  ["BMP", /^BM[^]{4}\0{4}/],
  ["JPEG XL", /^(?:\xff\x0a|\0{3}\x0cJXL )/],
  ["JPEG 2000", /^(?:\xff\x4f\xff\x51|\0{3}\x0cjP {2})/],
  ["Photoshop", /^8BPS/],
  ["ICO", /^\0\0[\x01\x02]\0/],
  ["PDF", /^\s*%PDF-/],
  ["SVG", /^[^\0]*?<svg[\s>]/i],
  ["HTML", /^\s*<(?:!doctype html|html)/i],
  ["ZIP", /^PK\x03\x04/],
];

/**
 * Tell the format of a photo.
 *
 * @throws Problem when the bytes are neither JPEG nor PNG nor WebP; it names what they are, where known.
 */
export function photoFormat(bytes: Uint8Array): Format {
  const head = text(bytes, 0, HEAD);
  for (const [format, opening] of Object.entries(ACCEPTED)) if (opening.test(head)) return format as Format;
  if (head === "") throw new Problem("photo.empty");
  const kind = REFUSED.find(([, opening]) => opening.test(head))?.[0];
  if (kind === "HEIC" || kind === "AVIF") throw new Problem("photo.phoneKind", { kind });
  throw kind ? new Problem("photo.otherKind", { kind }) : new Problem("photo.unknownKind");
}
