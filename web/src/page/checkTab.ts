/** Check: do these photos carry a mark of this key, and what does it say? */

import type { CheckedPhoto, MarkChoice } from "../work/tasks";
import { runBatch } from "./batch";
import { dropZone } from "./dropZone";
import { element } from "./element";
import { keyCard } from "./keyCard";
import { notice } from "./notice";
import { oddsText } from "./odds";
import { PhotoCard } from "./photoCard";
import { Progress } from "./progress";
import { currentLanguage } from "./words";
import { type Workshop, markChoice } from "./workers";

export function checkTab(workshop: Workshop): HTMLElement {
  const about = notice();
  const progress = new Progress();
  const list = element("ul", { class: "photos", label: "check.list" });

  const take = async (files: File[]): Promise<void> => {
    about.clear();
    if (files.length === 0) return about.tell("drop.nothing");
    if (!workshop.key.value) return about.tell("check.needsKey");
    const marks = await choices(workshop).catch(about.problem);
    if (!marks) return undefined;
    await runBatch<CheckedPhoto>({
      title: "check.working",
      done: "progress.done",
      files,
      progress,
      work: (photo, signal) => workshop.pool.run({ kind: "check", photo, marks }, signal),
      place: (file) => {
        const card = new PhotoCard(file.name);
        list.prepend(card.node);
        return (result) => ("error" in result ? card.problem(result.error) : showChecked(card, result.answer));
      },
    });
  };

  const zone = dropZone({ text: "check.drop", many: true, folder: true, take: (files) => void take(files) });
  const intro = element("header", { class: "intro" }, element("h2", { text: "check.title" }), element("p", { text: "check.about" }));
  const side = element("div", { class: "side" }, keyCard(workshop.key));
  const work = element("div", { class: "work" }, zone, about.node, progress.node, list);
  return element("section", {}, intro, element("div", { class: "columns" }, side, work));
}

async function choices(workshop: Workshop): Promise<MarkChoice[]> {
  const names = workshop.config.networks ? (["learned", "spread-spectrum"] as const) : (["spread-spectrum"] as const);
  const found = await Promise.all(names.map((name) => markChoice(workshop, name, 0)));
  return found.filter((choice) => choice !== undefined);
}

function showChecked(card: PhotoCard, { preview, found, name }: CheckedPhoto): void {
  const perhaps = !found.marked && found.ofAnother === true;
  const verdict = element("p", { class: "verdict", text: found.marked ? "check.yes" : perhaps ? "check.perhaps" : "check.no" });
  const facts: Node[] = [verdict];
  if (found.marked) {
    if (found.payload) facts.push(element("p", { text: ["check.owner", { owner: String(found.payload.owner) }] }));
    facts.push(element("p", { class: "hint", text: ["check.sure", { odds: oddsText(found.falseAlarm) }] }));
  }
  const percent = Math.max(0, found.agreement).toLocaleString(currentLanguage(), { style: "percent" });
  facts.push(element("p", { class: "hint", text: ["check.agreement", { percent }] }));
  if (name) facts.push(element("p", { class: "hint", text: `mark.${name}` }));
  card.fill(preview, found.marked ? "good" : perhaps ? "perhaps" : "bad", ...facts);
}
