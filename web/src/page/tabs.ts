/** One of several panels at a time, as the ARIA practices have it: arrows move between tabs, Home and End to the ends. */

import { element } from "./element";

export interface Tab {
  name: string;
  /** Message of its name. */
  text: string;
  panel: HTMLElement;
  /** Called when it comes into view. */
  shown?: () => void;
}

/** The tabs; the panel that is shown follows the address, so that the browser's way back works. */
export function tabList(tabs: readonly Tab[]): HTMLElement {
  const buttons = tabs.map(({ name, text, panel }) => {
    Object.assign(panel, { id: `panel-${name}`, tabIndex: -1 });
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", `tab-${name}`);
    return element("button", {
      text,
      attributes: { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}` },
      on: { click: () => (location.hash = name) },
    });
  });

  const show = (): void => {
    const wanted = tabs.findIndex(({ name }) => location.hash === `#${name}`);
    tabs.forEach(({ panel, shown }, place) => {
      const chosen = place === Math.max(wanted, 0);
      panel.hidden = !chosen;
      buttons[place].setAttribute("aria-selected", String(chosen));
      buttons[place].tabIndex = chosen ? 0 : -1;
      if (chosen) shown?.();
    });
  };

  const list = element("div", { class: "tabs", label: "page.sections", attributes: { role: "tablist" } }, ...buttons);
  list.addEventListener("keydown", (event) => {
    const here = buttons.indexOf(document.activeElement as HTMLButtonElement);
    const there = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: -1 }[event.key];
    if (there === undefined || here < 0) return;
    event.preventDefault();
    const next = buttons.at(there % buttons.length);
    next?.focus();
    next?.click();
  });
  window.addEventListener("hashchange", show);
  show();
  return list;
}
