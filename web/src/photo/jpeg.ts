/** The segments of a JPEG file. */

import { Problem } from "../problem";
import { fromText, join, number, numberBytes, text } from "./bytes";
import type { Container, Facts } from "./container";
import { estimateQuality } from "./jpegQuality";

const START_OF_SCAN = 0xda;
const TABLES = 0xdb;
const EXIF_HEADER = "Exif\0\0";
const ICC_HEADER = "ICC_PROFILE\0";
/** A segment ends at 65,535 bytes, two of which are its length. */
const LARGEST = 65_533;

interface Segment {
  marker: number;
  body: Uint8Array;
}

export const jpeg: Container = {
  facts(file) {
    const { segments, rest } = split(file);
    const frame = segments.find(({ marker }) => isFrame(marker));
    if (!frame || frame.body.length < 6 || !hasEnd(rest)) throw new Problem("photo.damaged");
    const facts: Facts = { format: "jpeg", height: number(frame.body, 1, 2), width: number(frame.body, 3, 2) };
    const exif = segments.find(isExif);
    if (exif) facts.exif = exif.body.slice(EXIF_HEADER.length);
    const icc = segments.filter(isIcc).map(({ body }) => body.slice(ICC_HEADER.length + 2));
    if (icc.length > 0 && frame.body[5] === 3) facts.icc = join(...icc);
    const steps = luminanceSteps(segments);
    if (steps) facts.quality = estimateQuality(steps);
    return facts;
  },

  withBlocks(file, exif, icc) {
    const { segments, rest } = split(file);
    const inRgb = segments.find(({ marker }) => isFrame(marker))?.body[5] === 3;
    const kept = segments.filter((segment) => {
      const application = segment.marker >= 0xe1 && segment.marker <= 0xef && segment.marker !== 0xee;
      const comment = segment.marker === 0xfe;
      return !(application || comment) || (isIcc(segment) && !inRgb);
    });
    const first = kept[0]?.marker === 0xe0 ? kept.splice(0, 1) : [];
    const added = [...(exif ? exifSegments(exif) : []), ...(icc ? iccSegments(icc) : [])];
    return join(Uint8Array.of(0xff, 0xd8), ...[...first, ...added, ...kept].map(written), rest);
  },
};

/** All segments before the first scan, and the rest from that scan on. */
function split(file: Uint8Array): { segments: Segment[]; rest: Uint8Array } {
  const segments: Segment[] = [];
  let at = 2;
  while (at + 4 <= file.length) {
    if (file[at] !== 0xff) throw new Problem("photo.damaged");
    const marker = file[at + 1];
    if (marker === 0xff) {
      at += 1; // padding
      continue;
    }
    if (marker === START_OF_SCAN) return { segments, rest: file.subarray(at) };
    const length = number(file, at + 2, 2);
    if (length < 2 || at + 2 + length > file.length) throw new Problem("photo.damaged");
    segments.push({ marker, body: file.subarray(at + 4, at + 2 + length) });
    at += 2 + length;
  }
  throw new Problem("photo.damaged");
}

function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

function isExif({ marker, body }: Segment): boolean {
  return marker === 0xe1 && text(body, 0, 6) === EXIF_HEADER;
}

function isIcc({ marker, body }: Segment): boolean {
  return marker === 0xe2 && text(body, 0, 12) === ICC_HEADER;
}

/** Whether the picture's data end as they should; phones write further things behind the end. */
function hasEnd(rest: Uint8Array): boolean {
  for (let at = rest.length - 2; at >= 0; at--) if (rest[at] === 0xff && rest[at + 1] === 0xd9) return true;
  return false;
}

function luminanceSteps(segments: Segment[]): number[] | undefined {
  for (const { body } of segments.filter(({ marker }) => marker === TABLES)) {
    for (let at = 0; at < body.length; ) {
      const [wide, name] = [body[at] >> 4, body[at] & 15];
      const size = wide ? 2 : 1;
      if (name === 0 && at + 64 * size < body.length) {
        return Array.from({ length: 64 }, (_, place) => number(body, at + 1 + place * size, size));
      }
      at += 1 + 64 * size;
    }
  }
  return undefined;
}

function exifSegments(exif: Uint8Array): Segment[] {
  const body = join(fromText(EXIF_HEADER), exif);
  return body.length <= LARGEST ? [{ marker: 0xe1, body }] : [];
}

function iccSegments(icc: Uint8Array): Segment[] {
  const size = LARGEST - ICC_HEADER.length - 2;
  const count = Math.ceil(icc.length / size);
  return Array.from({ length: count }, (_, part) => ({
    marker: 0xe2,
    body: join(fromText(ICC_HEADER), Uint8Array.of(part + 1, count), icc.subarray(part * size, (part + 1) * size)),
  }));
}

function written({ marker, body }: Segment): Uint8Array {
  return join(Uint8Array.of(0xff, marker), numberBytes(body.length + 2, 2), body);
}
