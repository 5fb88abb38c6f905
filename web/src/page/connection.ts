/** The connection to the service: an API key that this tab keeps until it is closed. */

import { Client, type GalleryFacts } from "../service/client";
import { announce } from "./announce";
import { button, element, icon, unique } from "./element";
import { notice } from "./notice";
import type { Store } from "./store";

export interface Connected {
  client: Client;
  facts: GalleryFacts;
}

const KEPT = "unfind api key";

/** Connect with a key; it is kept where it is right. */
export async function connect(key: string, store: Store<Connected | undefined>): Promise<void> {
  const client = new Client(key);
  const facts = await client.gallery();
  sessionStorage.setItem(KEPT, key);
  store.set({ client, facts });
  announce("service.connected", { name: facts.name, count: facts.photos });
}

/** Connect again after the page was loaded again. */
export function reconnect(store: Store<Connected | undefined>): void {
  const key = sessionStorage.getItem(KEPT);
  if (key) connect(key, store).catch(() => sessionStorage.removeItem(KEPT));
}

export function connectionCard(store: Store<Connected | undefined>): HTMLElement {
  const about = notice();
  const body = element("div", { class: "stack" });
  store.watch((connected) => {
    about.clear();
    body.replaceChildren(...(connected ? connectedParts(connected, store) : [form(store, about.problem)]));
  });
  const title = element("h3", {}, icon("M9 15 15 9", "M11 6.5 13 4.5a4.6 4.6 0 0 1 6.5 6.5l-2 2M13 17.5l-2 2a4.6 4.6 0 0 1-6.5-6.5l2-2"), element("span", { text: "service.title" }));
  return element("section", { class: "card" }, title, body, about.node);
}

function connectedParts({ facts }: Connected, store: Store<Connected | undefined>): HTMLElement[] {
  const leave = (): void => {
    sessionStorage.removeItem(KEPT);
    store.set(undefined);
    announce("service.left");
  };
  return [
    element("p", { text: ["service.connected", { name: facts.name, count: facts.photos }] }),
    element("div", { class: "row" }, button("service.leave", "quiet", leave)),
  ];
}

function form(store: Store<Connected | undefined>, problem: (error: unknown) => void): HTMLElement {
  const [id, hintId] = [unique("api-key"), unique("api-key-hint")];
  const input = element("input", { attributes: { type: "password", id, autocomplete: "off", spellcheck: "false", required: "", "aria-describedby": hintId } });
  const submit = element("button", { class: "main", text: "service.connect", attributes: { type: "submit" } });
  const node = element(
    "form",
    { class: "stack" },
    element("p", { class: "hint", text: "service.about" }),
    element("label", { text: "service.key", attributes: { for: id } }),
    element("div", { class: "row join" }, input, submit),
    element("p", { class: "hint", text: "service.keyHint", attributes: { id: hintId } }),
  );
  node.addEventListener("submit", (event) => {
    event.preventDefault();
    submit.disabled = true;
    connect(input.value.trim(), store)
      .catch(problem)
      .finally(() => (submit.disabled = false));
  });
  return node;
}
