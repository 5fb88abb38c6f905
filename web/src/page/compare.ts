/** Look closely at one photo: before and after side by side in one frame, or what has changed. */

import type { Pool } from "../work/pool";
import type { ProtectedPhoto } from "../work/tasks";
import { button, element, unique } from "./element";
import { slider } from "./settingsCard";
import { say, sentence } from "./words";

export interface Compared {
  name: string;
  before: Blob;
  made: ProtectedPhoto;
  save: () => void;
}

/** Open the comparison over the page; it is gone when it is closed. */
export function compare(pool: Pool, { name, before, made, save }: Compared): void {
  const addresses = [before, made.file].map((file) => URL.createObjectURL(file));
  const [first, second] = addresses;
  const stage = element("div", { class: "stage" });
  stage.style.setProperty("--ratio", String(made.width / made.height));
  const split = splitView(first, second, name);
  const changed = changeView(pool, before, made.file);
  stage.append(split, changed.picture);

  const view = (chosen: "split" | "difference"): void => {
    split.hidden = chosen === "difference";
    changed.picture.hidden = chosen === "split";
    changed.gain.hidden = chosen === "split";
    if (chosen === "difference") changed.show();
  };
  view("split");

  const title = element("h2", { text: "compare.title", attributes: { id: unique("compare") } });
  const head = element("header", {}, title, element("p", { class: "name" }, name));
  const foot = element(
    "div",
    { class: "row spread" },
    facts(made),
    element("div", { class: "row" }, button("photo.download", "main", save), button("compare.close", "plain", () => dialog.close())),
  );
  const dialog = element("dialog", { class: "compare", attributes: { "aria-labelledby": title.id } }, head, stage, choice(view), changed.gain, foot);
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    addresses.forEach((address) => URL.revokeObjectURL(address));
    changed.forget();
  });
  document.body.append(dialog);
  dialog.showModal();
}

/** One photo over the other, divided by a line that can be moved. */
function splitView(first: string, second: string, name: string): HTMLElement {
  const after = element("img", { class: "after", attributes: { src: second, alt: "" } });
  const input = element("input", { label: "compare.slider", attributes: { type: "range", min: "0", max: "100", step: "1", value: "50" } });
  const node = element(
    "div",
    { class: "split" },
    element("img", { attributes: { src: first, alt: name } }),
    after,
    element("span", { class: "tag left", text: "compare.before" }),
    element("span", { class: "tag right", text: "compare.after" }),
    element("span", { class: "divider" }),
    input,
  );
  const move = (): void => node.style.setProperty("--at", `${input.value}%`);
  input.addEventListener("input", move);
  move();
  return node;
}

interface ChangeView {
  picture: HTMLElement;
  gain: HTMLElement;
  show: () => void;
  forget: () => void;
}

function changeView(pool: Pool, before: Blob, after: Blob): ChangeView {
  const image = element("img", { attributes: { alt: "" } });
  const tag = element("span", { class: "tag left" });
  const picture = element("div", { class: "change" }, image, tag);
  const gain = slider("compare.gainLabel", { min: 2, max: 40, step: 1, value: 8 });
  let address = "";
  let newest = 0;
  let wanted = false;
  const draw = async (amplified: number): Promise<void> => {
    newest += 1;
    const mine = newest;
    try {
      const drawn = await pool.run({ kind: "difference", before, after, gain: amplified });
      if (mine !== newest) return;
      URL.revokeObjectURL(address);
      address = URL.createObjectURL(drawn);
      image.src = address;
    } catch (error) {
      const { key, facts } = sentence(error);
      say(tag, key, facts);
    }
  };
  gain.watch((value, output) => {
    output.textContent = `${value} ×`;
    say(tag, "compare.gain", { gain: value });
    if (wanted) void draw(value);
  });
  say(image, "compare.difference", {}, "alt");
  const show = (): void => {
    wanted = true;
    void draw(gain.read());
  };
  return { picture, gain: gain.node, show, forget: () => URL.revokeObjectURL(address) };
}

function choice(view: (chosen: "split" | "difference") => void): HTMLElement {
  const group = unique("view");
  const options = (["split", "difference"] as const).map((chosen) => {
    const input = element("input", { attributes: { type: "radio", name: group, value: chosen } });
    input.checked = chosen === "split";
    input.addEventListener("change", () => view(chosen));
    return element("label", {}, input, element("span", { text: chosen === "split" ? "compare.title" : "compare.difference" }));
  });
  return element("div", { class: "choice", label: "compare.view", attributes: { role: "radiogroup" } }, ...options);
}

function facts({ width, height, psnr, found, louder }: ProtectedPhoto): HTMLElement {
  const list = element("dl");
  const add = (name: string, value: HTMLElement): void => list.append(element("div", {}, element("dt", { text: name }), value));
  const likeness = element("dd", { text: ["photo.psnr", { value: Math.round(10 * psnr) / 10 }] });
  say(likeness, "photo.likenessHint", {}, "title");
  add("photo.likeness", likeness);
  add("photo.size", element("dd", { text: ["photo.pixels", { width: String(width), height: String(height) }] }));
  const mark = element("dd", { text: "photo.read" });
  if (found.payload?.owner) mark.append(", ", element("span", { text: ["photo.owner", { owner: found.payload.owner }] }));
  if (louder > 1) mark.append(", ", element("span", { text: ["photo.louder", { times: louder }] }));
  add("photo.mark", mark);
  return list;
}
