/** How the mark is to be made: how strong, which, whose, and how well the file is written. */

import { LARGEST_OWNER } from "../mark/payload";
import type { MarkName } from "../work/tasks";
import type { Config } from "./config";
import { element, icon, unique } from "./element";
import { hush, say } from "./words";

export interface Settings {
  mark: MarkName;
  /** Times the mark's own strength. */
  strength: number;
  /** undefined for the photo's own. */
  quality: number | undefined;
  owner: number;
}

/** The card, and a way to read it; undefined while something in it is wrong. */
export function settingsCard(config: Config): { node: HTMLElement; read: () => Settings | undefined } {
  const strength = slider("strength.label", { min: 0.25, max: 2, step: 0.05, value: 1 });
  const hint = element("div", { class: "ends" }, element("span", { text: "strength.faint" }), element("span", { text: "strength.strong" }));
  strength.node.append(hint, element("p", { class: "hint", text: "strength.hint" }));
  strength.watch((value, output) => (output.textContent = `${Math.round(value * 100)} %`));

  const quality = slider("quality.label", { min: 60, max: 101, step: 1, value: 101 });
  quality.watch((value, output) => {
    if (value > 100) say(output, "quality.own");
    else say(output, "quality.value", { value });
  });

  const owner = ownerField();
  const mark = markField(config, (name) => (owner.node.hidden = name !== "learned"));
  const title = element("summary", {}, icon("M3 12c2-4 4-4 6 0s4 4 6 0 4-4 6 0", "M3 18c2-4 4-4 6 0s4 4 6 0 4-4 6 0"), element("span", { text: "protect.settings" }));
  const node = element("details", { class: "card settings" }, title, element("div", { class: "fields" }, strength.node, mark.node, owner.node, quality.node));
  node.open = matchMedia("(min-width: 56rem)").matches; // on a phone the photos come first
  const read = (): Settings | undefined => {
    const name = mark.read();
    const number = name === "learned" ? owner.read() : 0;
    if (number === undefined) return undefined;
    const own = name === "learned" ? (config.networks?.strength ?? 1) : config.mark === name ? config.strength : 1;
    const asked = quality.read();
    return { mark: name, strength: own * strength.read(), quality: asked > 100 ? undefined : asked, owner: number };
  };
  return { node, read };
}

interface Slider {
  node: HTMLElement;
  read: () => number;
  watch: (told: (value: number, output: HTMLElement) => void) => void;
}

export function slider(text: string, { min, max, step, value }: { min: number; max: number; step: number; value: number }): Slider {
  const id = unique("slider");
  const input = element("input", {
    attributes: { type: "range", id, min: String(min), max: String(max), step: String(step), value: String(value) },
  });
  const output = element("output", { attributes: { for: id } });
  const head = element("div", { class: "field-head" }, element("label", { text, attributes: { for: id } }), output);
  return {
    node: element("div", { class: "field" }, head, input),
    read: () => input.valueAsNumber,
    watch: (told) => {
      const tell = (): void => {
        told(input.valueAsNumber, output);
        input.setAttribute("aria-valuetext", output.textContent);
      };
      input.addEventListener("input", tell);
      tell();
    },
  };
}

function markField(config: Config, changed: (name: MarkName) => void): { node: HTMLElement; read: () => MarkName } {
  const names: MarkName[] = config.networks ? ["learned", "spread-spectrum"] : ["spread-spectrum"];
  const id = unique("mark");
  const select = element("select", { attributes: { id } });
  for (const name of names) select.append(element("option", { text: `mark.${name}`, attributes: { value: name } }));
  select.value = config.mark !== null && names.includes(config.mark) ? config.mark : names[0];
  const read = (): MarkName => select.value as MarkName;
  select.addEventListener("change", () => changed(read()));
  changed(read());
  const node = element("div", { class: "field" }, element("label", { text: "mark.label", attributes: { for: id } }), select);
  node.hidden = names.length < 2;
  return { node, read };
}

function ownerField(): { node: HTMLElement; read: () => number | undefined } {
  const [id, hintId] = [unique("owner"), unique("owner-hint")];
  const input = element("input", {
    attributes: { type: "number", id, min: "0", max: String(LARGEST_OWNER), step: "1", value: "0", "aria-describedby": hintId },
  });
  const hint = element("p", { class: "hint", text: "owner.hint", attributes: { id: hintId } });
  const wrong = element("p", { class: "wrong", attributes: { role: "alert" } });
  input.addEventListener("input", () => {
    input.setAttribute("aria-invalid", String(!input.checkValidity() || input.value === ""));
    if (input.getAttribute("aria-invalid") === "true") say(wrong, "owner.wrong");
    else hush(wrong);
  });
  const label = element("label", { text: "owner.label", attributes: { for: id } });
  const read = (): number | undefined => {
    const number = input.valueAsNumber;
    return Number.isInteger(number) && number >= 0 && number <= LARGEST_OWNER ? number : undefined;
  };
  return { node: element("div", { class: "field" }, label, input, hint, wrong), read };
}
