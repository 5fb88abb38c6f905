/** Tell those who do not see the page what has happened. */

import { element } from "./element";
import { type Facts, say } from "./words";

const region = element("div", { class: "unseen", attributes: { role: "status", "aria-live": "polite" } });

export function announcer(): HTMLElement {
  return region;
}

export function announce(key: string, facts: Facts = {}): void {
  say(region, key, facts);
}
