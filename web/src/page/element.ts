/** Make elements: a name, what it is like, and what is in it. */

import { type Facts, say } from "./words";

type Listener<E extends Event = Event> = (event: E) => void;

export interface Like {
  class?: string;
  /** Message of its text. */
  text?: string | [key: string, facts: Facts];
  /** Message that names it to those who do not see it. */
  label?: string | [key: string, facts: Facts];
  attributes?: Record<string, string>;
  on?: Record<string, Listener<never>>;
}

export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  like: Like = {},
  ...inside: (Node | string | undefined)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  if (like.class) made.className = like.class;
  for (const [attribute, value] of Object.entries(like.attributes ?? {})) made.setAttribute(attribute, value);
  for (const [event, listener] of Object.entries(like.on ?? {})) made.addEventListener(event, listener as Listener);
  if (like.text) say(made, ...spread(like.text));
  if (like.label) {
    const [key, facts] = spread(like.label);
    say(made, key, facts, "aria-label");
  }
  made.append(...inside.filter((part) => part !== undefined));
  return made;
}

export function button(text: string, kind: "main" | "plain" | "quiet", press: () => void): HTMLButtonElement {
  return element("button", { class: kind, text, attributes: { type: "button" }, on: { click: press } });
}

/** A drawing of strokes on a field of 24 x 24; it says nothing to those who do not see it. */
export function icon(...strokes: string[]): SVGSVGElement {
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  drawing.classList.add("icon");
  for (const stroke of strokes) {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", stroke);
    drawing.append(path);
  }
  return drawing;
}

let count = 0;

/** A name for an element that no other one has. */
export function unique(stem: string): string {
  count += 1;
  return `${stem}-${count}`;
}

function spread(message: string | [string, Facts]): [string, Facts] {
  return typeof message === "string" ? [message, {}] : message;
}
