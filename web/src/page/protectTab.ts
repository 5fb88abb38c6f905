/** Protect: photos in, the same photos with the mark out; all of it in this browser. */

import type { ProtectedPhoto } from "../work/tasks";
import { type Named, zip } from "../work/zip";
import { announce } from "./announce";
import { runBatch } from "./batch";
import { compare } from "./compare";
import { download, withSuffix } from "./download";
import { dropZone } from "./dropZone";
import { button, element, icon } from "./element";
import { keyCard } from "./keyCard";
import { notice } from "./notice";
import { PhotoCard } from "./photoCard";
import { Progress } from "./progress";
import { settingsCard } from "./settingsCard";
import { say } from "./words";
import { type Workshop, markChoice } from "./workers";

export function protectTab(workshop: Workshop): HTMLElement {
  const settings = settingsCard(workshop.config);
  const about = notice();
  const progress = new Progress();
  const list = element("ul", { class: "photos", label: "protect.list" });
  const made: Named[] = [];
  const cards: PhotoCard[] = [];
  const results = resultsHead(made, () => {
    for (const card of cards.splice(0)) card.remove();
    made.length = 0;
    results.update();
  });

  const take = async (files: File[]): Promise<void> => {
    about.clear();
    const chosen = settings.read();
    if (workshop.config.mark === null) return about.tell("mark.notHere");
    if (files.length === 0) return about.tell("drop.nothing");
    if (!chosen) return about.tell("owner.wrong");
    if (!workshop.key.value) return about.tell("protect.needsKey");
    const mark = await markChoice(workshop, chosen.mark, chosen.owner).catch(about.problem);
    if (!mark) return undefined; // why not has been told
    const { strength, quality } = chosen;
    await runBatch<ProtectedPhoto>({
      title: "protect.working",
      done: "protect.count",
      files,
      progress,
      work: (photo, signal) => workshop.pool.run({ kind: "protect", photo, mark, strength, quality }, signal),
      place: (file) => {
        const card = new PhotoCard(file.name);
        cards.push(card);
        list.append(card.node);
        return (result) => {
          if ("error" in result) return card.problem(result.error);
          made.push({ name: file.name, file: result.answer.file });
          results.update();
          return showMade(workshop, card, file, result.answer);
        };
      },
    });
  };

  if (workshop.config.mark === null) about.tell("mark.notHere");
  const zone = dropZone({ text: "protect.drop", many: true, folder: true, take: (files) => void take(files) });
  const side = element("div", { class: "side" }, keyCard(workshop.key), settings.node);
  const work = element("div", { class: "work" }, zone, about.node, progress.node, results.node, list);
  return element("section", {}, intro(), element("div", { class: "columns" }, side, work));
}

function intro(): HTMLElement {
  const promise = element("p", { class: "promise" }, icon("M6 11V8a6 6 0 1 1 12 0v3", "M5 11h14v9H5z"), element("span", { text: "protect.private" }));
  return element("header", { class: "intro" }, element("h2", { text: "protect.title" }), element("p", { text: "protect.about" }), promise);
}

function showMade(workshop: Workshop, card: PhotoCard, before: File, made: ProtectedPhoto): void {
  const save = (): void => download(made.file, withSuffix(before.name, "protected"));
  const look = button("photo.look", "quiet", () => compare(workshop.pool, { name: before.name, before, made, save }));
  look.append(element("span", { class: "unseen" }, ` ${before.name}`));
  const get = button("photo.download", "quiet", save);
  get.append(element("span", { class: "unseen" }, ` ${before.name}`));
  const read = element("p", { class: "verdict", text: "photo.read" });
  const likeness = element("p", { class: "hint", text: ["photo.psnr", { value: Math.round(10 * made.psnr) / 10 }] });
  if (made.louder > 1) likeness.append(", ", element("span", { text: ["photo.louder", { times: made.louder }] }));
  card.fill(made.preview, "good", read, likeness, element("div", { class: "row" }, look, get));
}

/** What was made so far, and what can be done with all of it. */
function resultsHead(made: Named[], clear: () => void): { node: HTMLElement; update: () => void } {
  const count = element("h3", { class: "count" });
  const all = button("protect.zip", "main", () => {
    all.disabled = true;
    const named = made.map(({ name, file }) => ({ name: withSuffix(name, "protected"), file }));
    void zip(named)
      .then((file) => download(file, "unfind-protected.zip"))
      .finally(() => (all.disabled = false));
  });
  const buttons = element("div", { class: "row" }, all, button("protect.clear", "quiet", clear));
  const node = element("div", { class: "row spread results", attributes: { hidden: "" } }, count, buttons);
  const update = (): void => {
    node.hidden = made.length === 0;
    say(count, made.length > 0 ? "protect.count" : "protect.none", { count: made.length });
    if (made.length === 0) announce("protect.none");
  };
  return { node, update };
}
