/** How far long work has come, and a way to give it up. */

import { button, element } from "./element";
import { say } from "./words";

export class Progress {
  readonly node: HTMLElement;
  private readonly bar = element("progress", { attributes: { max: "1", value: "0" } });
  private readonly count = element("span", { class: "count" });
  private readonly title = element("span");
  private controller: AbortController | undefined;

  constructor() {
    const stop = button("progress.cancel", "quiet", () => this.controller?.abort());
    this.node = element("div", { class: "working", attributes: { hidden: "" } }, this.title, this.bar, this.count, stop);
  }

  /** Show work on so many things; the signal tells when it is given up. */
  begin(title: string, all: number): AbortSignal {
    this.controller = new AbortController();
    say(this.title, title);
    say(this.bar, title, {}, "aria-label");
    this.node.hidden = false;
    this.step(0, all);
    return this.controller.signal;
  }

  step(done: number, all: number): void {
    this.bar.max = Math.max(all, 1);
    this.bar.value = done;
    say(this.count, "progress.of", { done, all });
  }

  end(): void {
    this.node.hidden = true;
  }
}
