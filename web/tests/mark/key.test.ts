import { bytesToHex } from "@noble/hashes/utils.js";
import { describe, expect, it } from "vitest";
import { Key } from "../../src/mark/key";
import { Problem } from "../../src/problem";
import { key as expected } from "../vectors.json";

describe("Key", () => {
  const key = Key.fromText(expected.text);

  it("reads and writes what Python writes", () => {
    expect(key.toText()).toBe(expected.text);
    expect(key.fingerprint).toBe(expected.fingerprint);
  });

  it("derives what Python derives", () => {
    expect(bytesToHex(key.derive("test"))).toBe(expected.derived);
    expect([...key.numbers("test", 4)]).toEqual(expected.numbers);
    expect([...key.numbers("test", 2)]).toEqual(expected.numbers.slice(0, 2));
  });

  it("is another one each time it is fresh", () => {
    const [one, other] = [Key.fresh(), Key.fresh()];
    expect(one.toText()).not.toBe(other.toText());
    expect(Key.fromText(one.toText()).fingerprint).toBe(one.fingerprint);
  });

  it.each([
    ["", "key.other"],
    ["-----BEGIN PRIVATE KEY-----", "key.other"],
    [expected.text.replace("unfind-key-1", "unfind-key-2"), "key.other"],
    [expected.text.slice(0, -6), "key.damaged"],
    ["unfind-key-1:", "key.damaged"],
    ["unfind-key-1:!!!!", "key.damaged"],
    [expected.text.replace(/:(.)/, (_, first: string) => `:${first === "A" ? "B" : "A"}`), "key.damaged"],
  ])("refuses %j", (text, why) => {
    expect(() => Key.fromText(text)).toThrow(new Problem(why));
  });
});
