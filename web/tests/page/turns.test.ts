import { expect, it } from "vitest";
import { withSuffix } from "../../src/page/download";
import { turns } from "../../src/page/turns";
import { oddsText } from "../../src/page/odds";

it("lets only so many work at once", async () => {
  const turn = turns(2);
  let [now, most] = [0, 0];
  const work = async (): Promise<void> => {
    now += 1;
    most = Math.max(most, now);
    await Promise.resolve();
    now -= 1;
  };
  await Promise.all(Array.from({ length: 9 }, () => turn(work)));
  expect([now, most]).toEqual([0, 2]);
});

it("goes on after one that failed", async () => {
  const turn = turns(1);
  const failed = turn(() => Promise.reject(new Error("no")));
  const next = turn(async () => "yes");
  await expect(failed).rejects.toThrow("no");
  expect(await next).toBe("yes");
});

it.each([
  ["holiday.jpg", "holiday-protected.jpg"],
  ["a.b.webp", "a.b-protected.webp"],
  ["none", "none-protected"],
])("names the protected %s", (name, expected) => {
  expect(withSuffix(name, "protected")).toBe(expected);
});

it.each([
  [1e-6, "10⁶"],
  [9e-7, "10⁶"],
  [7.3e-8, "10⁷"],
  [0, "10³²³"],
])("says %d as one in how many", (chance, expected) => {
  expect(oddsText(chance)).toBe(expected);
});
