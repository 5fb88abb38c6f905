/** The reader's key: chosen or made here, and kept nowhere but in memory. */

import { Key } from "../mark/key";
import { announce } from "./announce";
import { download } from "./download";
import { button, element, icon } from "./element";
import { type Notice, notice } from "./notice";
import type { Store } from "./store";

export interface HeldKey {
  key: Key;
  /** Made here and not saved yet. */
  fresh: boolean;
}

/** More than any key file has. */
const LONGEST = 4096;

export function keyCard(store: Store<HeldKey | undefined>): HTMLElement {
  const about = notice();
  const body = element("div", { class: "stack" });
  const input = element("input", { label: "key.choose", attributes: { type: "file", hidden: "", accept: ".key,.txt,text/plain" } });
  input.addEventListener("change", () => {
    const file = input.files?.[0];
    input.value = "";
    if (file) void choose(file, store, about);
  });
  store.watch((held) => {
    about.clear();
    body.replaceChildren(...(held ? heldParts(held, store) : emptyParts(store, input)));
  });
  const title = element("h3", {}, icon("M12.5 8.5a4.5 4.5 0 1 1-9 0 4.5 4.5 0 0 1 9 0Z", "m11.2 11.7 8.8 8.8M15.5 16l2.6-2.6M18.2 18.7l1.6-1.6"), element("span", { text: "key.title" }));
  return element("section", { class: "card key" }, title, body, about.node, input);
}

async function choose(file: File, store: Store<HeldKey | undefined>, about: Notice): Promise<void> {
  try {
    const key = Key.fromText(await file.slice(0, LONGEST).text());
    store.set({ key, fresh: false });
    announce("key.ready", { fingerprint: key.fingerprint });
  } catch (error) {
    about.problem(error);
  }
}

function emptyParts(store: Store<HeldKey | undefined>, input: HTMLInputElement): HTMLElement[] {
  return [
    element("p", { class: "hint", text: "key.none" }),
    element(
      "div",
      { class: "row" },
      button("key.choose", "main", () => input.click()),
      button("key.fresh", "plain", () => {
        const key = Key.fresh();
        store.set({ key, fresh: true });
        announce("key.ready", { fingerprint: key.fingerprint });
      }),
    ),
  ];
}

function heldParts({ key, fresh }: HeldKey, store: Store<HeldKey | undefined>): HTMLElement[] {
  const save = (): void => {
    download(new Blob([key.toText()], { type: "text/plain" }), `unfind-${key.fingerprint}.key`);
    store.set({ key, fresh: false });
  };
  const forget = (): void => {
    store.set(undefined);
    announce("key.gone");
  };
  return [
    element("p", { class: "held" }, element("span", { text: "key.held" }), element("code", {}, grouped(key.fingerprint))),
    ...(fresh ? [element("p", { class: "notice", text: "key.saveNow" })] : []),
    element("div", { class: "row" }, button("key.save", fresh ? "main" : "plain", save), button("key.forget", "quiet", forget)),
  ];
}

/** Digits are read in groups of four. */
function grouped(fingerprint: string): string {
  return fingerprint.match(/.{4}/g)?.join(" ") ?? fingerprint;
}
