/** Gallery: what the service has, page by page; add photos, and erase them with a receipt. */

import type { PhotoFacts, Receipt } from "../service/client";
import { runBatch } from "./batch";
import { type Connected, connectionCard } from "./connection";
import { confirmed } from "./confirm";
import { download } from "./download";
import { dropZone } from "./dropZone";
import { button, element, unique } from "./element";
import { notice } from "./notice";
import { PhotoCard } from "./photoCard";
import { Progress } from "./progress";
import type { Store } from "./store";
import { turns } from "./turns";
import { hush, say } from "./words";

/** Photos of one page: a few screens of a phone. */
const PAGE = 24;
/** Photos sent side by side; the service has places for a few. */
const AT_ONCE = 3;

export function galleryTab(connection: Store<Connected | undefined>): HTMLElement & { refresh?: () => void } {
  const about = notice();
  const progress = new Progress();
  const chosen = new Set<string>();
  const grid = element("ul", { class: "photos gallery", label: "gallery.photos" });
  const problems = element("ul", { class: "photos problems" });
  const done = element("div", { class: "done" });
  const details = aboutFields();
  const pages = new Pages();

  const show = async (): Promise<void> => {
    const connected = connection.value;
    chosen.clear();
    bar.update();
    if (!connected) return grid.replaceChildren();
    try {
      const { photos, next } = await connected.client.photos(pages.after, PAGE);
      pages.next = next;
      grid.replaceChildren(...photos.map((facts) => photoItem(facts, connected, chosen, () => bar.update())));
      if (photos.length === 0) grid.append(element("li", { class: "empty", text: "gallery.empty" }));
    } catch (error) {
      about.problem(error);
    }
    return bar.update();
  };

  const add = async (files: File[]): Promise<void> => {
    const connected = connection.value;
    about.clear();
    problems.replaceChildren();
    if (!connected) return about.tell("service.needsKey");
    if (files.length === 0) return about.tell("drop.nothing");
    const counts = { added: 0, there: 0 };
    const turn = turns(AT_ONCE);
    await runBatch<boolean>({
      title: "gallery.adding",
      done: "gallery.added",
      files,
      progress,
      work: (photo, signal) => turn(() => connected.client.add(photo, details.read(), signal)),
      place: (file) => (result) => {
        if ("answer" in result) return void (result.answer ? (counts.added += 1) : (counts.there += 1));
        const card = new PhotoCard(file.name);
        card.problem(result.error);
        return problems.append(card.node);
      },
    });
    const told = [["gallery.added", counts.added], ["gallery.there", counts.there]] as const;
    done.replaceChildren(...told.filter(([, count]) => count > 0).map(([key, count]) => element("p", { class: "notice", text: [key, { count }] })));
    pages.start();
    return show();
  };

  const erase = async (): Promise<void> => {
    const connected = connection.value;
    const ids = [...chosen];
    if (!connected || ids.length === 0 || !(await confirmed(ids.length))) return undefined;
    about.clear();
    progress.begin("gallery.erasing", 1);
    try {
      const receipt = await connected.client.erase(ids);
      done.replaceChildren(...erasedParts(receipt));
    } catch (error) {
      about.problem(error);
    } finally {
      progress.end();
    }
    return show();
  };

  const bar = toolbar(chosen, pages, () => void show(), () => void erase());
  connection.watch(() => {
    pages.start();
    done.replaceChildren();
    void show();
  });
  const zone = dropZone({ text: "gallery.add", many: true, folder: true, take: (files) => void add(files) });
  zone.append(details.node);
  const intro = element("header", { class: "intro" }, element("h2", { text: "gallery.title" }), element("p", { text: "gallery.about" }));
  const side = element("div", { class: "side" }, connectionCard(connection), zone);
  const work = element("div", { class: "work" }, about.node, progress.node, done, problems, bar.node, grid);
  return element("section", {}, intro, element("div", { class: "columns" }, side, work));
}

/** Which page is shown; the way back is remembered, since pages only name the next one. */
class Pages {
  private before: (string | null)[] = [];
  after: string | null = null;
  next: string | null = null;

  start(): void {
    [this.before, this.after, this.next] = [[], null, null];
  }

  get number(): number {
    return this.before.length + 1;
  }

  forward(): void {
    this.before.push(this.after);
    this.after = this.next;
  }

  back(): void {
    this.after = this.before.pop() ?? null;
  }
}

function toolbar(chosen: Set<string>, pages: Pages, show: () => void, erase: () => void): { node: HTMLElement; update: () => void } {
  const turn = (way: () => void) => () => {
    way();
    show();
  };
  const previous = button("gallery.previous", "plain", turn(() => pages.back()));
  const next = button("gallery.next", "plain", turn(() => pages.forward()));
  const number = element("span", { class: "count" });
  const remove = button("gallery.erase", "plain", erase);
  remove.classList.add("danger");
  const selected = element("span", { class: "count", attributes: { "aria-live": "polite" } });
  const pager = element("nav", { class: "row", label: "gallery.pages" }, previous, number, next);
  const node = element("div", { class: "row spread toolbar" }, element("div", { class: "row" }, remove, selected), pager);
  const update = (): void => {
    previous.disabled = pages.number === 1;
    next.disabled = pages.next === null;
    remove.disabled = chosen.size === 0;
    say(number, "gallery.page", { page: pages.number });
    if (chosen.size > 0) say(selected, "gallery.selected", { count: chosen.size });
    else hush(selected);
    pager.hidden = pages.number === 1 && pages.next === null;
  };
  update();
  return { node, update };
}

function photoItem(facts: PhotoFacts, { client }: Connected, chosen: Set<string>, changed: () => void): HTMLElement {
  const name = facts.label || facts.id.slice(0, 8);
  const box = element("input", { label: ["gallery.select", { name }], attributes: { type: "checkbox" } });
  const image = element("img", { attributes: { alt: name, width: String(facts.width), height: String(facts.height) } });
  client.thumbnail(facts.id).then(
    (picture) => {
      image.src = URL.createObjectURL(picture);
      image.addEventListener("load", () => URL.revokeObjectURL(image.src));
    },
    () => image.remove(),
  );
  box.addEventListener("change", () => {
    if (box.checked) chosen.add(facts.id);
    else chosen.delete(facts.id);
    changed();
  });
  const more = [facts.owner, facts.collection].filter((text) => text !== "").join(" · ");
  return element(
    "li",
    { class: "photo" },
    element("label", { class: "frame" }, image, box),
    element("p", { class: "name" }, name),
    element("p", { class: "hint" }, more || `${facts.width} × ${facts.height}`),
  );
}

function aboutFields(): { node: HTMLElement; read: () => { owner: string; collection: string; label: string } } {
  const inputs = new Map<string, HTMLInputElement>();
  const fields = ["label", "owner", "collection"].map((name) => {
    const id = unique(name);
    const input = element("input", { attributes: { type: "text", id, maxlength: "200", autocomplete: "off" } });
    inputs.set(name, input);
    return element("div", { class: "field" }, element("label", { text: `gallery.about.${name}`, attributes: { for: id } }), input);
  });
  const node = element("details", {}, element("summary", { text: "gallery.details" }), ...fields);
  const value = (name: string): string => inputs.get(name)?.value.trim() ?? "";
  return { node, read: () => ({ label: value("label"), owner: value("owner"), collection: value("collection") }) };
}

function erasedParts(receipt: Receipt): HTMLElement[] {
  const count = receipt.removed;
  const text: [string, Record<string, number>] =
    receipt.traces_after > 0
      ? ["gallery.traces", { count, traces: receipt.traces_after }]
      : ["gallery.erased", { count, files: receipt.files }];
  const save = (): void => {
    const file = new Blob([JSON.stringify(receipt, null, 2), "\n"], { type: "application/json" });
    download(file, `erasure-receipt-${new Date().toISOString().slice(0, 10)}.json`);
  };
  return [element("p", { class: "notice", text, attributes: { role: "status" } }), button("gallery.receipt", "main", save)];
}
