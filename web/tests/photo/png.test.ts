import { expect, it } from "vitest";
import { fromText, join, numberBytes, text } from "../../src/photo/bytes";
import { crc, png } from "../../src/photo/png";
import { Problem } from "../../src/problem";

function chunk(name: string, body: Uint8Array): Uint8Array {
  const named = join(fromText(name), body);
  return join(numberBytes(body.length, 4), named, numberBytes(crc(named), 4));
}

function file(colour: number, ...more: Uint8Array[]): Uint8Array {
  const header = join(numberBytes(30, 4), numberBytes(20, 4), Uint8Array.of(8, colour, 0, 0, 0));
  const ends = [chunk("IDAT", fromText("pixels")), chunk("IEND", new Uint8Array())];
  return join(fromText("\x89PNG\r\n\x1a\n"), chunk("IHDR", header), ...more, ...ends);
}

const MORE = [chunk("iCCP", fromText("profile")), chunk("eXIf", fromText("MM\0*")), chunk("tEXt", fromText("GPS here"))];

it("has the checksum of the standard", () => {
  expect(crc(fromText("123456789"))).toBe(0xcbf43926);
});

it("tells what is in a file", () => {
  const facts = png.facts(file(2, ...MORE));
  expect(facts).toMatchObject({ format: "png", width: 30, height: 20 });
  expect([facts.icc, facts.exif]).toEqual([fromText("profile"), fromText("MM\0*")]);
  expect(png.facts(file(0, ...MORE)).icc).toBeUndefined(); // a profile of greys
});

it("writes other blocks beside the same picture, and no texts", () => {
  const bare = png.withBlocks(file(2, ...MORE), undefined, undefined);
  expect(bare).toEqual(file(2));
  const dressed = png.withBlocks(bare, fromText("MM\0*"), fromText("profile"));
  expect(dressed).toEqual(file(2, ...MORE.slice(0, 2)));
  expect(text(dressed, 0, dressed.length)).not.toContain("GPS");
});

it("knows a file that is cut short, wherever it is cut", () => {
  const whole = file(2, ...MORE);
  for (let length = 8; length < whole.length; length++) {
    expect(() => png.facts(whole.slice(0, length))).toThrow(new Problem("photo.damaged"));
  }
});
