/**
 * Read the orientation out of an EXIF block, and write a block anew without what must not travel.
 *
 * A block is a small TIFF file: directories of tags, some of which point to further directories. It is parsed into
 * tags with their values as stored, and written from those alone, so that bytes no kept tag refers to (an old
 * thumbnail, a removed position) cannot survive. A damaged tag is left out; a damaged block reads as an empty one.
 */

import { fromText, join, number, numberBytes, text } from "./bytes";

const HEADER_LENGTH = 8;
const ENTRY_LENGTH = 12;
const SHORT = 3;
const LONG = 4;
const BYTES_OF_KIND: Record<number, number> = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 129: 1 };
const ORIENTATION = 0x0112;
const EXIF = 0x8769;
const GPS = 0x8825;
const INTEROPERABILITY = 0xa005;
/** In a directory: tags that point to directories. */
const POINTERS: Record<number, number[]> = { 0: [EXIF, GPS], [EXIF]: [INTEROPERABILITY] };

/** Each may show the photo as it was before, or say where it was taken. */
const NOT_CARRIED = new Set([
  GPS,
  0x0111, 0x0117, 0x0201, 0x0202, // where a thumbnail lies
  0x014a, 0x0190, // directories of further images
  0x02bc, 0x83bb, 0x8649, // XMP, IPTC, Photoshop
  0x927c, // maker note
]);

interface Tag {
  kind: number;
  count: number;
  value: Uint8Array;
}

interface Directory {
  tags: Map<number, Tag>;
  inner: Map<number, Directory>;
}

/** The orientation of a block, 1..8; 1 when there is none or it makes no sense. */
export function orientationOf(block: Uint8Array | undefined): number {
  if (!block) return 1;
  const tag = parse(block).tags.get(ORIENTATION);
  const value = tag && [1, SHORT, LONG].includes(tag.kind) ? number(tag.value, 0, BYTES_OF_KIND[tag.kind], little(block)) : 1;
  return value >= 1 && value <= 8 ? value : 1;
}

/** The part of a block that goes along with a changed, upright photo; undefined when nothing is left to say. */
export function carried(block: Uint8Array | undefined): Uint8Array | undefined {
  if (!block) return undefined;
  const root = without(parse(block));
  if (root.tags.has(ORIENTATION)) root.tags.set(ORIENTATION, { kind: SHORT, count: 1, value: numberBytes(1, 2, little(block)) });
  if (root.tags.size + root.inner.size === 0) return undefined;
  const header = join(block.slice(0, 4), numberBytes(HEADER_LENGTH, 4, little(block)));
  return join(header, written(root, HEADER_LENGTH, little(block)));
}

function little(block: Uint8Array): boolean {
  return text(block, 0, 2) === "II";
}

function parse(block: Uint8Array): Directory {
  const opening = text(block, 0, 4);
  if ((opening !== "II*\0" && opening !== "MM\0*") || block.length < HEADER_LENGTH) return { tags: new Map(), inner: new Map() };
  // Values that overlap could otherwise blow a small block up to hundreds of megabytes.
  return directory(block, number(block, 4, 4, little(block)), 0, { left: block.length });
}

function directory(block: Uint8Array, offset: number, name: number, budget: { left: number }): Directory {
  const found: Directory = { tags: new Map(), inner: new Map() };
  const first = offset + 2;
  const inReach = Math.max(0, Math.floor((block.length - first) / ENTRY_LENGTH));
  const entries = Math.min(number(block, offset, 2, little(block)), inReach);
  for (let entry = 0; entry < entries; entry++) readEntry(block, first + entry * ENTRY_LENGTH, name, found, budget);
  return found;
}

function readEntry(block: Uint8Array, at: number, inside: number, into: Directory, budget: { left: number }): void {
  const order = little(block);
  const name = number(block, at, 2, order);
  if (POINTERS[inside]?.includes(name)) {
    if (!into.inner.has(name)) into.inner.set(name, directory(block, number(block, at + 8, 4, order), name, budget));
    return;
  }
  const kind = number(block, at + 2, 2, order);
  const count = number(block, at + 4, 4, order);
  const length = (BYTES_OF_KIND[kind] ?? 0) * count;
  const start = length <= 4 ? at + 8 : number(block, at + 8, 4, order);
  if (length === 0 || length > budget.left || start + length > block.length || into.tags.has(name)) return;
  budget.left -= length;
  into.tags.set(name, { kind, count, value: block.slice(start, start + length) });
}

function without({ tags, inner }: Directory): Directory {
  const kept: Directory = { tags: new Map(), inner: new Map() };
  for (const [name, tag] of tags) if (!NOT_CARRIED.has(name)) kept.tags.set(name, tag);
  for (const [name, below] of inner) {
    const left = without(below);
    if (!NOT_CARRIED.has(name) && left.tags.size + left.inner.size > 0) kept.inner.set(name, left);
  }
  return kept;
}

/** Lay a directory out from offset `start` on: its table, then what does not fit into it. */
function written({ tags, inner }: Directory, start: number, order: boolean): Uint8Array {
  const entries = [...tags, ...inner].sort(([one], [other]) => one - other);
  const table = [numberBytes(entries.length, 2, order)];
  const heap: Uint8Array[] = [];
  let here = start + 2 + entries.length * ENTRY_LENGTH + 4;
  for (const [name, entry] of entries) {
    const large = "inner" in entry ? written(entry, here, order) : entry.value.length > 4 ? even(entry.value) : undefined;
    const [kind, count] = "inner" in entry ? [LONG, 1] : [entry.kind, entry.count];
    const value = large ? numberBytes(here, 4, order) : join((entry as Tag).value, fromText("\0\0\0\0")).slice(0, 4);
    table.push(numberBytes(name, 2, order), numberBytes(kind, 2, order), numberBytes(count, 4, order), value);
    if (large) {
      heap.push(large);
      here += large.length;
    }
  }
  return join(...table, new Uint8Array(4), ...heap);
}

function even(value: Uint8Array): Uint8Array {
  return value.length % 2 ? join(value, new Uint8Array(1)) : value;
}
