import { unzipSync } from "fflate";
import { expect, it } from "vitest";
import { distinct, zip } from "../../src/work/zip";

const named = (name: string, text = name): { name: string; file: Blob } => ({ name, file: new Blob([text]) });

it("puts files side by side", async () => {
  const archive = new Uint8Array(await (await zip([named("a.jpg", "one"), named("bücher.png", "two")])).arrayBuffer());
  const files = unzipSync(archive);
  expect(Object.keys(files)).toEqual(["a.jpg", "bücher.png"]);
  expect(new TextDecoder().decode(files["bücher.png"])).toBe("two");
});

it("gives each file a name of its own", () => {
  const names = ["a.jpg", "a.jpg", "A.JPG", "b", "b", "a (2).jpg"].map((name) => named(name));
  expect(distinct(names).map(({ name }) => name)).toEqual(["a.jpg", "a (2).jpg", "A (3).JPG", "b", "b (2)", "a (2) (2).jpg"]);
});
