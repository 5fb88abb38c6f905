/** One photo of a list: first waited for, then with what became of it. */

import { element, icon } from "./element";
import { say, sentence } from "./words";

export class PhotoCard {
  readonly node: HTMLElement;
  private readonly frame = element("div", { class: "frame" }, element("span", { class: "spinner" }));
  private readonly facts = element("div", { class: "facts" });
  private readonly addresses: string[] = [];

  constructor(readonly name: string) {
    this.node = element("li", { class: "photo waiting" }, this.frame, element("p", { class: "name", attributes: { title: name } }, name), this.facts);
  }

  /** Show a picture and facts about it. */
  fill(picture: Blob, state: "good" | "bad" | "perhaps", ...facts: Node[]): void {
    const address = URL.createObjectURL(picture);
    this.addresses.push(address);
    this.node.className = `photo ${state}`;
    const image = element("img", { attributes: { src: address, alt: this.name, decoding: "async" } });
    this.frame.replaceChildren(image, badge(state));
    this.facts.replaceChildren(...facts);
  }

  problem(error: unknown): void {
    const { key, facts } = sentence(error);
    this.node.className = "photo problem";
    this.frame.replaceChildren(icon("M12 8v5m0 3.2v.1", "M12 3 2.5 20h19L12 3Z"));
    const why = element("p", { class: "why" });
    say(why, key, facts);
    this.facts.replaceChildren(why);
  }

  remove(): void {
    this.node.remove();
    for (const address of this.addresses) URL.revokeObjectURL(address);
  }
}

function badge(state: string): HTMLElement {
  const drawn = { good: icon("m5 12.5 4.5 4.5L19 7.5"), bad: icon("M7 7l10 10M17 7 7 17"), perhaps: icon("M12 16.9v.1M9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.7.4-1 .9-1 1.7") };
  return element("span", { class: "badge" }, drawn[state as keyof typeof drawn]);
}
