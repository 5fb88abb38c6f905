import { expect, it } from "vitest";
import { photoFormat } from "../../src/photo/signature";
import { fromText } from "../../src/photo/bytes";
import { Problem } from "../../src/problem";

it.each([
  ["\xff\xd8\xff\xe0", "jpeg"],
  ["\x89PNG\r\n\x1a\n", "png"],
  ["RIFF\x01\x02\x03\x04WEBP", "webp"],
])("knows %j", (opening, format) => {
  expect(photoFormat(fromText(opening))).toBe(format);
});

it.each([
  ["", "photo.empty", {}],
  ["\0\0\0\x18ftypheic", "photo.phoneKind", { kind: "HEIC" }],
  ["\0\0\0\x18ftypmif1", "photo.phoneKind", { kind: "HEIC" }],
  ["\0\0\0\x18ftypavif", "photo.phoneKind", { kind: "AVIF" }],
  ["\0\0\0\x18ftypmp42", "photo.otherKind", { kind: "video" }],
  ["GIF89a", "photo.otherKind", { kind: "GIF" }],
  ["II*\0", "photo.otherKind", { kind: "TIFF / RAW" }],
  ['<?xml version="1.0"?><svg xmlns=', "photo.otherKind", { kind: "SVG" }],
  ["%PDF-1.7", "photo.otherKind", { kind: "PDF" }],
  ["hello", "photo.unknownKind", {}],
])("refuses %j with a sentence", (opening, key, facts) => {
  expect(() => photoFormat(fromText(opening))).toThrow(new Problem(key, facts));
});
