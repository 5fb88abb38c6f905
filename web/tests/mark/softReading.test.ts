import { expect, it } from "vitest";
import { readWord } from "../../src/mark/softReading";
import { soft } from "../vectors.json";

it.each(soft)("reads what Python reads: owner $owner, repaired $repaired", ({ evidence, owner, nonce, repaired }) => {
  const read = readWord(Float32Array.from(evidence));
  expect(read).toEqual(owner === null ? null : { payload: { owner, nonce }, repaired });
});
