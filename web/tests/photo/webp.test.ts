import { expect, it } from "vitest";
import { fromText, join, numberBytes } from "../../src/photo/bytes";
import { webp } from "../../src/photo/webp";
import { Problem } from "../../src/problem";

function chunk(name: string, body: Uint8Array): Uint8Array {
  return join(fromText(name), numberBytes(body.length, 4, true), body, new Uint8Array(body.length % 2));
}

function file(...chunks: Uint8Array[]): Uint8Array {
  const body = join(fromText("WEBP"), ...chunks);
  return join(fromText("RIFF"), numberBytes(body.length, 4, true), body);
}

const LOSSY = chunk("VP8 ", join(new Uint8Array(6), numberBytes(30, 2, true), numberBytes(20, 2, true), fromText("x")));
const LOSSLESS = chunk("VP8L", join(Uint8Array.of(0x2f), numberBytes(29 + 19 * 16384 + 2 ** 28, 4, true)));
const extended = (flags: number): Uint8Array => chunk("VP8X", join(Uint8Array.of(flags, 0, 0, 0), numberBytes(29, 3, true), numberBytes(19, 3, true)));
const EXIF = chunk("EXIF", fromText("MM\0*"));
const ICC = chunk("ICCP", fromText("profile"));

it.each([
  ["lossy", file(LOSSY)],
  ["lossless", file(LOSSLESS)],
  ["extended", file(extended(0), LOSSY)],
])("knows the size of a %s one", (_, whole) => {
  expect(webp.facts(whole)).toMatchObject({ format: "webp", width: 30, height: 20 });
});

it("tells and writes what stands beside the picture", () => {
  const whole = file(extended(0x28), ICC, LOSSY, EXIF, chunk("XMP ", fromText("GPS")));
  const facts = webp.facts(whole);
  expect([facts.exif, facts.icc]).toEqual([fromText("MM\0*"), fromText("profile")]);
  expect(webp.withBlocks(whole, undefined, undefined)).toEqual(file(extended(0), LOSSY));
  expect(webp.withBlocks(file(LOSSY), facts.exif, facts.icc)).toEqual(file(extended(0x28), ICC, LOSSY, EXIF));
  expect(webp.withBlocks(file(LOSSLESS), undefined, undefined)).toEqual(file(extended(0x10), LOSSLESS));
});

it("takes the word off that some put before the block", () => {
  expect(webp.facts(file(extended(8), LOSSY, chunk("EXIF", fromText("Exif\0\0MM\0*")))).exif).toEqual(fromText("MM\0*"));
});

it("refuses what moves, and what is cut short", () => {
  expect(() => webp.facts(file(extended(2), chunk("ANIM", new Uint8Array(6))))).toThrow(new Problem("photo.moving"));
  const whole = file(extended(0), LOSSY);
  for (let length = 12; length < whole.length; length++) {
    expect(() => webp.facts(whole.slice(0, length))).toThrow(new Problem("photo.damaged"));
  }
});
