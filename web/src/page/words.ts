/** The page's words, in the reader's language. */

import de from "../messages/de.json";
import en from "../messages/en.json";
import { Problem } from "../problem";

export const LANGUAGES = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof LANGUAGES;
export type Facts = Record<string, string | number>;

const MESSAGES: Record<Language, Record<string, string>> = { en, de };
const KEPT = "unfind language";
/** Where an element's words go: into its text, or into one of these attributes. */
type Place = "text" | "aria-label" | "title" | "placeholder" | "alt";
interface Said {
  key: string;
  facts: Facts;
}

const said = new WeakMap<Element, Map<Place, Said>>();
const MARK = "data-words";
let language: Language = "en";

/** The words of a message, with numbers as the language writes them. */
export function words(key: string, facts: Facts = {}): string {
  const plural = typeof facts.count === "number" ? `${key}#${new Intl.PluralRules(language).select(facts.count)}` : key;
  const message = MESSAGES[language][plural] ?? MESSAGES[language][key];
  if (message === undefined) return key;
  return message.replace(/\{(\w+)\}/g, (_, name: string) => shown(facts[name]));
}

function shown(fact: string | number | undefined): string {
  return typeof fact === "number" ? fact.toLocaleString(language, { maximumFractionDigits: 2 }) : (fact ?? "");
}

/** Whether there is such a message. */
export function isMessage(key: string): boolean {
  return key in en || `${key}#other` in en;
}

/** The sentence for anything that was thrown. */
export function sentence(error: unknown): Said {
  if (error instanceof Problem && isMessage(error.key)) return { key: error.key, facts: error.facts };
  return { key: "work.failed", facts: { reason: error instanceof Error ? error.message : String(error) } };
}

/** Put a message into an element, in this language and in any that is chosen later. */
export function say(element: Element, key: string, facts: Facts = {}, place: Place = "text"): void {
  const places = said.get(element) ?? new Map<Place, Said>();
  places.set(place, { key, facts });
  said.set(element, places);
  element.setAttribute(MARK, "");
  write(element);
}

/** Take an element's words away. */
export function hush(element: Element): void {
  said.get(element)?.delete("text");
  element.textContent = "";
}

export function currentLanguage(): Language {
  return language;
}

/** Change the language of the whole page, and remember it. */
export function speak(chosen: Language, keep = true): void {
  language = chosen;
  document.documentElement.lang = chosen;
  document.title = words("page.title");
  if (keep) localStorage.setItem(KEPT, chosen);
  for (const element of document.querySelectorAll(`[${MARK}]`)) write(element);
}

/** The language chosen before, else the first one of the browser that there is. */
export function preferredLanguage(kept = localStorage.getItem(KEPT), wanted: readonly string[] = navigator.languages): Language {
  const known = (name: string | null): name is Language => name !== null && name in LANGUAGES;
  if (known(kept)) return kept;
  return wanted.map((name) => name.slice(0, 2).toLowerCase()).find(known) ?? "en";
}

function write(element: Element): void {
  for (const [place, { key, facts }] of said.get(element) ?? []) {
    const message = words(key, facts);
    if (place === "text") element.textContent = message;
    else element.setAttribute(place, message);
  }
}
