import { expect, it } from "vitest";
import { fromText, join, numberBytes, text } from "../../src/photo/bytes";
import { jpeg } from "../../src/photo/jpeg";
import { Problem } from "../../src/problem";

function segment(marker: number, body: Uint8Array): Uint8Array {
  return join(Uint8Array.of(0xff, marker), numberBytes(body.length + 2, 2), body);
}

const JFIF = segment(0xe0, fromText("JFIF\0..."));
const EXIF = segment(0xe1, fromText("Exif\0\0MM\0*"));
const XMP = segment(0xe1, fromText("http://ns.adobe.com/xap/1.0/\0<GPS/>"));
const COMMENT = segment(0xfe, fromText("secret"));
const ADOBE = segment(0xee, fromText("Adobe"));
const icc = (part: number, of: number, body: string): Uint8Array => segment(0xe2, join(fromText("ICC_PROFILE\0"), Uint8Array.of(part, of), fromText(body)));
const TABLE = segment(0xdb, join(Uint8Array.of(0), new Uint8Array(64).fill(1)));
const frame = (components: number): Uint8Array => segment(0xc2, join(Uint8Array.of(8), numberBytes(20, 2), numberBytes(30, 2), Uint8Array.of(components), new Uint8Array(3 * components)));
const SCAN = join(segment(0xda, fromText("scan")), fromText("data\xff\xd9"));

function file(...segments: Uint8Array[]): Uint8Array {
  return join(Uint8Array.of(0xff, 0xd8), ...segments, SCAN);
}

const WHOLE = file(JFIF, EXIF, XMP, icc(1, 2, "pro"), icc(2, 2, "file"), COMMENT, ADOBE, TABLE, frame(3));

it("tells what is in a file", () => {
  const facts = jpeg.facts(WHOLE);
  expect(facts).toMatchObject({ format: "jpeg", width: 30, height: 20, quality: 100 });
  expect([facts.exif, facts.icc]).toEqual([fromText("MM\0*"), fromText("profile")]);
  expect(jpeg.facts(file(icc(1, 1, "ink"), frame(4))).icc).toBeUndefined();
});

it("takes everything off that is not the picture", () => {
  expect(jpeg.withBlocks(WHOLE, undefined, undefined)).toEqual(file(JFIF, ADOBE, TABLE, frame(3)));
});

it("leaves a profile of inks or greys to the decoder", () => {
  expect(jpeg.withBlocks(file(icc(1, 1, "ink"), frame(4)), undefined, undefined)).toEqual(file(icc(1, 1, "ink"), frame(4)));
});

it("puts blocks where they belong, long profiles in parts", () => {
  const dressed = jpeg.withBlocks(file(JFIF, TABLE, frame(3)), fromText("MM\0*"), fromText("profile"));
  expect(dressed).toEqual(file(JFIF, EXIF, icc(1, 1, "profile"), TABLE, frame(3)));
  const long = new Uint8Array(150_000).map((_, place) => place % 251);
  expect(jpeg.facts(jpeg.withBlocks(file(frame(3)), undefined, long)).icc).toEqual(long);
  expect(text(jpeg.withBlocks(file(frame(3)), new Uint8Array(70_000), undefined), 0, 4)).not.toContain("\xe1");
});

it("knows a file that is cut short, wherever it is cut", () => {
  for (let length = 3; length < WHOLE.length; length++) {
    expect(() => jpeg.facts(WHOLE.slice(0, length))).toThrow(new Problem("photo.damaged"));
  }
});
