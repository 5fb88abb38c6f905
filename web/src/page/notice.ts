/** A place for a sentence about what went wrong or what is to be done. */

import { element } from "./element";
import { type Facts, hush, say, sentence } from "./words";

export interface Notice {
  node: HTMLElement;
  tell(key: string, facts?: Facts): void;
  /** Say what was thrown. */
  problem(error: unknown): void;
  clear(): void;
}

export function notice(): Notice {
  const node = element("p", { class: "notice", attributes: { role: "alert", hidden: "" } });
  const tell = (key: string, facts: Facts = {}, kind = "info"): void => {
    node.hidden = false;
    node.dataset.kind = kind;
    say(node, key, facts);
  };
  return {
    node,
    tell,
    problem(error) {
      const { key, facts } = sentence(error);
      tell(key, facts, "problem");
    },
    clear() {
      hush(node);
      node.hidden = true;
    },
  };
}
