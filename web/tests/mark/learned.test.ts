import { describe, expect, it } from "vitest";
import { Key } from "../../src/mark/key";
import { emphasised } from "../../src/mark/emphasis";
import { type Heard, Learned, type Networks, applyChange, nonceOf, readMark, sampled } from "../../src/mark/learned";
import { reduced } from "../../src/mark/reduced";
import { Slots } from "../../src/mark/slots";
import vectors from "../../../tests/triggers/mark_vectors.json";
import { fromRgb, photo, rgb } from "../photo";

const key = Key.fromText(vectors.key.text);
const slots = new Slots(key);

describe("writes what Python writes", () => {
  it("keeps the key's slots", () => {
    expect([slots.order, slots.turned]).toEqual([vectors.slots.order, vectors.slots.turned]);
    const { owner, nonce, signs } = vectors.writing;
    expect([...slots.write({ owner, nonce })]).toEqual(signs);
  });

  it("draws a photo's number", () => {
    expect(sampled(vectors.nonce.photo.height)).toEqual(vectors.nonce.rows);
    expect(nonceOf(key, fromRgb(vectors.nonce.photo))).toBe(vectors.nonce.nonce);
  });

  it("averages blocks", () => {
    const { photo: large, at_least, result } = vectors.reduced;
    expect(rgb(reduced(fromRgb(large), at_least))).toEqual(rgb(fromRgb(result)));
    const small = fromRgb(large);
    expect(reduced(small, 256)).toBe(small);
  });

  it("writes louder what can hardly be heard", () => {
    const { heard, signs } = vectors.emphasis;
    const louder = emphasised(Float32Array.from(vectors.writing.signs), Float32Array.from(heard));
    louder.forEach((sign, slot) => expect(sign).toBeCloseTo(signs[slot], 5));
    expect(Math.max(...louder.map(Math.abs))).toBe(2.5);
  });

  it.each(vectors.applied)("adds a change, case %#", ({ photo: plain, change, strength, result }) => {
    const pixels = fromRgb(plain);
    applyChange(pixels, Float32Array.from(change.flat()), change[0].length, change.length, strength);
    expect(rgb(pixels)).toEqual(rgb(fromRgb(result)));
  });
});

it.each(vectors.reading)("reads what Python reads: $repaired bits repaired", (expected) => {
  const evidence = Float32Array.from([...expected.evidence, ...expected.evidence, ...expected.evidence]);
  const presence = new Float32Array(3).fill(expected.presence.logit);
  const found = readMark({ evidence, presence }, slots);
  expect(found.marked).toBe(expected.marked);
  expect(found.payload ?? null).toEqual(expected.payload);
  expect(found.repaired ?? null).toBe(expected.repaired);
  expect(found.agreement).toBeCloseTo(expected.agreement, 9);
  expect(found.ofAnother).toBe(expected.of_another);
  expect(found.falseAlarm / expected.false_alarm).toBeCloseTo(1, 9);
});

it("uses its networks for whole photos: what it writes it reads, with its own key only", async () => {
  let signs: Float32Array = new Float32Array(160);
  const networks: Networks = {
    async encode(shown, given) {
      expect([shown.width, shown.height]).toEqual([300, 257]);
      signs = given;
      return new Float32Array(128 * 128).fill(0.02);
    },
    async decode(): Promise<Heard> {
      const evidence = new Float32Array(480);
      evidence.set(signs, 160); // only the second look hears it
      return { evidence, presence: Float32Array.of(-1, 2, 0) };
    },
  };
  const pixels = photo(600, 515);
  const before = pixels.data[0];
  await new Learned(key, networks, 42).add(pixels, 0.5);
  expect(pixels.data[0] - before).toBe(3);
  const found = await new Learned(key, networks, 0).find(pixels);
  expect(found).toMatchObject({ marked: true, repaired: 0, payload: { owner: 42 } });
  expect(found.falseAlarm).toBeLessThan(1e-6);
  expect(await new Learned(Key.fresh(), networks, 0).find(pixels)).toMatchObject({ marked: false, falseAlarm: 1 });
});

it("makes a mark twice: the second time louder where the first could not be heard", async () => {
  const written: Float32Array[] = [];
  const networks: Networks = {
    async encode(_, given) {
      written.push(given.slice());
      return new Float32Array(128 * 128).fill(0.1);
    },
    async decode({ data }): Promise<Heard> {
      expect(data[0] - photo(300, 260).data[0]).toBe(13); // it hears the mark, and the photo is left alone
      const evidence = new Float32Array(480);
      evidence.set(written[0].map((sign, slot) => (slot < 10 ? -sign : 8 * sign)));
      return { evidence, presence: new Float32Array(3) };
    },
  };
  await new Learned(key, networks, 42).add(photo(300, 260), 0.5);
  expect(written).toHaveLength(2);
  written[1].forEach((sign, slot) => expect(sign / written[0][slot]).toBeCloseTo(slot < 10 ? 2.125 : 1, 6));
});

it("makes a louder mark on a small photo", async () => {
  const heard: Heard = { evidence: new Float32Array(480), presence: new Float32Array(3) };
  const networks: Networks = { encode: async () => new Float32Array(128 * 128).fill(0.1), decode: async () => heard };
  for (const [side, levels] of [[256, 10], [192, 12], [128, 14]]) { // 0.4 of 25.5, and 1.2 and 1.4 times that
    const pixels = photo(side, 300);
    await new Learned(key, networks, 0).add(pixels, 0.4);
    expect(pixels.data[0] - photo(side, 300).data[0]).toBe(levels);
  }
});

it("speaks of a mark that it cannot read", () => {
  const noise = new Float32Array(480).map((_, slot) => Math.sin(slot * slot) ** 3);
  const quiet = Float32Array.of(-5, -5, -5);
  expect(readMark({ evidence: noise, presence: quiet }, slots)).toMatchObject({ marked: false, ofAnother: false });
  expect(readMark({ evidence: noise, presence: Float32Array.of(-5, 5, -5) }, slots).ofAnother).toBe(true);
  const others = noise.slice();
  others.set(new Slots(Key.fresh()).write({ owner: 1, nonce: 2 }), 160);
  expect(readMark({ evidence: others, presence: quiet }, slots)).toMatchObject({ marked: false, ofAnother: true });
});
