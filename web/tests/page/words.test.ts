import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isMessage, preferredLanguage } from "../../src/page/words";
import de from "../../src/messages/de.json";
import en from "../../src/messages/en.json";

const MESSAGES = { en, de } as Record<string, Record<string, string>>;
const placeholders = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

describe("message files", () => {
  it("have the same messages", () => {
    expect(Object.keys(de).sort()).toEqual(Object.keys(en).sort());
  });

  it.each(Object.keys(en))("fill in the same facts: %s", (key) => {
    const facts = Object.values(MESSAGES).map((messages) => placeholders(messages[key]));
    expect(facts[1]).toEqual(facts[0]);
    for (const messages of Object.values(MESSAGES)) expect(messages[key].trim()).not.toBe("");
  });

  it("have all plural forms of their languages", () => {
    for (const [language, messages] of Object.entries(MESSAGES)) {
      const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
      const stems = new Set(Object.keys(messages).filter((key) => key.includes("#")).map((key) => key.split("#")[0]));
      for (const stem of stems) for (const form of forms) expect(messages).toHaveProperty([`${stem}#${form}`]);
    }
  });
});

const SOURCE = files("src").map((path) => readFileSync(path, "utf8")).join("\n");

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, name));
}

it("every message that the source names is there", () => {
  const stems = [...new Set(Object.keys(en).map((key) => key.split(".")[0]))].join("|");
  const named = [...SOURCE.matchAll(new RegExp(`"((?:${stems})\\.[a-zA-Z.-]+)"`, "g"))].map(([, key]) => key);
  expect(named.length).toBeGreaterThan(80);
  expect(named.filter((key) => !isMessage(key))).toEqual([]);
});

it("every message is used", () => {
  const used = (key: string): boolean => {
    const stem = key.split("#")[0];
    const [room] = stem.split(/\.(?=[^.]*$)/);
    return SOURCE.includes(`"${stem}"`) || SOURCE.includes(`\`${room}.\${`);
  };
  expect(Object.keys(en).filter((key) => !used(key))).toEqual([]);
});

it.each([
  [null, ["de-AT", "en"], "de"],
  [null, ["fr-FR", "de-DE"], "de"],
  [null, ["fr-FR"], "en"],
  ["de", ["en-GB"], "de"],
  ["xx", ["en-GB"], "en"],
])("speaks the language of the reader: kept %s, wanted %j", (kept, wanted, expected) => {
  expect(preferredLanguage(kept, wanted)).toBe(expected);
});
