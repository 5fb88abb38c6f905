/** Search: a photo in, the photos that the service finds out; two models side by side where it has two. */

import type { Hit } from "../service/client";
import { announce } from "./announce";
import { type Connected, connectionCard } from "./connection";
import { dropZone } from "./dropZone";
import { element } from "./element";
import { notice } from "./notice";
import { Progress } from "./progress";
import type { Store } from "./store";
import { type Facts, currentLanguage } from "./words";

/** Photos asked for: two rows of a wide screen. */
const WANTED = 12;

export function searchTab(connection: Store<Connected | undefined>): HTMLElement {
  const about = notice();
  const progress = new Progress();
  const found = element("div", { class: "found" });
  let address = "";

  const take = async ([photo]: File[]): Promise<void> => {
    about.clear();
    const connected = connection.value;
    if (!connected) return about.tell("service.needsKey");
    if (!photo) return about.tell("drop.nothing");
    const { client, facts } = connected;
    const sides = facts.beside ? [true, false] : [false];
    const signal = progress.begin("search.working", sides.length);
    try {
      const lists = await Promise.all(sides.map((beside) => client.search(photo, WANTED, beside, signal)));
      URL.revokeObjectURL(address);
      address = URL.createObjectURL(photo);
      const kept = new Set(lists.at(-1)?.map(({ id }) => id));
      const rankings = lists.map((hits, side) => ranked(hits, facts, facts.beside !== null, sides[side], kept));
      const answer = summary(lists, kept);
      found.replaceChildren(query(address, photo.name, element("span", { text: answer })), ...rankings);
      announce(...answer);
    } catch (error) {
      about.problem(error);
    } finally {
      progress.end();
    }
  };

  connection.watch((connected) => {
    if (!connected) found.replaceChildren();
  });
  const zone = dropZone({ text: "search.drop", many: false, folder: false, take: (files) => void take(files) });
  zone.append(element("p", { class: "hint", text: "search.sent" }));
  const intro = element("header", { class: "intro" }, element("h2", { text: "search.title" }), element("p", { text: "search.about" }));
  const side = element("div", { class: "side" }, connectionCard(connection));
  const work = element("div", { class: "work" }, zone, about.node, progress.node);
  return element("section", {}, intro, element("div", { class: "columns" }, side, work), found);
}

function query(address: string, name: string, answer: HTMLElement): HTMLElement {
  return element(
    "figure",
    { class: "query" },
    element("img", { attributes: { src: address, alt: name } }),
    element("figcaption", {}, element("span", { class: "hint", text: "search.query" }), element("span", { class: "name" }, name), answer),
  );
}

/** The answer in one sentence: how many were found or, with two models, how many the protected one hides. */
function summary(lists: Hit[][], kept: ReadonlySet<string>): [string, Facts] {
  if (lists.length < 2) return ["search.found", { count: lists[0].length }];
  return ["search.hidden", { count: lists[0].filter(({ id }) => !kept.has(id)).length, all: lists[0].length }];
}

/** One model's list; `kept` are the photos that the protected model found too. */
function ranked(hits: Hit[], facts: Connected["facts"], two: boolean, beside: boolean, kept: ReadonlySet<string>): HTMLElement {
  const gallery = (beside ? facts.beside?.name : undefined) ?? facts.name;
  const title = two ? element("span", { text: beside ? "search.clean" : "search.guarded" }) : undefined;
  const head = element("h3", {}, title, element("span", { class: two ? "hint" : "" }, gallery));
  const list = element("ol", { class: "hits" }, ...hits.map((hit, place) => hitItem(hit, place, !kept.has(hit.id))));
  const inside = hits.length > 0 ? list : element("p", { class: "empty", text: "search.none" });
  return element("section", { class: "ranking" }, head, inside);
}

function hitItem(hit: Hit, place: number, lost: boolean): HTMLElement {
  const name = hit.label || hit.id.slice(0, 8);
  const image = element("img", { attributes: { src: `data:image/jpeg;base64,${hit.thumbnail ?? ""}`, alt: name } });
  const score = hit.score.toLocaleString(currentLanguage(), { minimumFractionDigits: 3, maximumFractionDigits: 3 });
  const meter = element("span", { class: "meter" });
  meter.style.setProperty("--share", String(Math.max(0, Math.min(1, hit.score))));
  return element(
    "li",
    { class: lost ? "lost" : "" },
    element("div", { class: "frame" }, image, element("span", { class: "rank", text: ["search.rank", { rank: place + 1 }] }), lost ? element("span", { class: "gone", text: "search.lost" }) : undefined),
    element("p", { class: "name" }, name),
    meter,
    element("p", { class: "hint", text: ["search.score", { score }] }),
  );
}
