import { describe, expect, it } from "vitest";
import { carried, orientationOf } from "../../src/photo/exif";
import { fromText, join, number, numberBytes, text } from "../../src/photo/bytes";

interface Entry {
  name: number;
  kind: number;
  count: number;
  value: Uint8Array;
}

/** A block with a maker, an orientation, a place and a thumbnail, in either byte order. */
function block(little: boolean, orientation = 6): Uint8Array {
  const bytes = (value: number, length: number): Uint8Array => numberBytes(value, length, little);
  const pad = (value: Uint8Array): Uint8Array => join(value, new Uint8Array(4)).slice(0, 4);
  const table = (entries: Entry[], after: number): Uint8Array =>
    join(
      bytes(entries.length, 2),
      ...entries.map(({ name, kind, count, value }) => join(bytes(name, 2), bytes(kind, 2), bytes(count, 4), pad(value))),
      bytes(after, 4),
    );
  const maker = fromText("A maker of phones\0");
  const [makerAt, gpsAt, exifAt, thumbAt] = [200, 240, 300, 360];
  const main = table(
    [
      { name: 0x010f, kind: 2, count: maker.length, value: bytes(makerAt, 4) },
      { name: 0x0112, kind: 3, count: 1, value: bytes(orientation, 2) },
      { name: 0x8769, kind: 4, count: 1, value: bytes(exifAt, 4) },
      { name: 0x8825, kind: 4, count: 1, value: bytes(gpsAt, 4) },
    ],
    thumbAt,
  );
  const place = table([{ name: 1, kind: 2, count: 2, value: fromText("N\0") }], 0);
  const exif = table(
    [
      { name: 0x9000, kind: 7, count: 4, value: fromText("0232") },
      { name: 0x927c, kind: 7, count: 4, value: fromText("SECR") },
    ],
    0,
  );
  const thumbnail = table([{ name: 0x0201, kind: 4, count: 1, value: bytes(400, 4) }], 0);
  const whole = new Uint8Array(440);
  whole.set(join(fromText(little ? "II*\0" : "MM\0*"), bytes(8, 4), main));
  for (const [at, part] of [[makerAt, maker], [gpsAt, place], [exifAt, exif], [thumbAt, thumbnail], [400, fromText("THUMBNAIL")]] as const) {
    whole.set(part, at);
  }
  return whole;
}

describe.each([true, false])("a block, little-endian: %s", (little) => {
  it("tells its orientation", () => {
    expect(orientationOf(block(little))).toBe(6);
    expect(orientationOf(block(little, 0))).toBe(1);
    expect(orientationOf(block(little, 9))).toBe(1);
  });

  it("keeps what may travel and nothing else, upright", () => {
    const kept = carried(block(little)) as Uint8Array;
    const read = text(kept, 0, kept.length);
    for (const stays of ["A maker of phones", "0232"]) expect(read).toContain(stays);
    for (const gone of ["N\0\0\0", "SECR", "THUMBNAIL"]) expect(read).not.toContain(gone);
    expect(orientationOf(kept)).toBe(1);
    expect(number(kept, 8, 2, little)).toBe(3);
    expect(carried(kept)).toEqual(kept);
  });

  it("survives damage at every byte", () => {
    const whole = block(little);
    for (let at = 0; at < whole.length; at++) {
      const spoilt = whole.slice();
      spoilt[at] ^= 255;
      expect(orientationOf(spoilt)).toBeGreaterThan(0);
      expect((carried(spoilt)?.length ?? 0) <= 2 * whole.length).toBe(true);
      carried(whole.slice(0, at));
    }
  });
});

it("has nothing to say of nothing", () => {
  expect(carried(undefined)).toBeUndefined();
  expect(carried(fromText("nonsense"))).toBeUndefined();
  expect(orientationOf(undefined)).toBe(1);
});
