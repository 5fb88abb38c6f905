/** The page: a head, four tabs, a foot. */

import "./style/page.css";
import { announcer } from "./page/announce";
import { checkTab } from "./page/checkTab";
import { loadConfig } from "./page/config";
import { type Connected, reconnect } from "./page/connection";
import { element } from "./page/element";
import { galleryTab } from "./page/galleryTab";
import { emblem } from "./page/emblem";
import type { HeldKey } from "./page/keyCard";
import { protectTab } from "./page/protectTab";
import { searchTab } from "./page/searchTab";
import { Store } from "./page/store";
import { tabList } from "./page/tabs";
import { LANGUAGES, type Language, currentLanguage, preferredLanguage, speak } from "./page/words";
import { openWorkshop } from "./page/workers";

function languageChoice(): HTMLElement {
  const select = element("select", { label: "page.language" });
  for (const [code, name] of Object.entries(LANGUAGES)) {
    select.append(element("option", { attributes: { value: code, lang: code } }, name));
  }
  select.value = currentLanguage();
  select.addEventListener("change", () => speak(select.value as Language));
  return select;
}

async function build(): Promise<void> {
  speak(preferredLanguage(), false);
  const config = await loadConfig();
  const workshop = openWorkshop(config, new Store<HeldKey | undefined>(undefined));
  const connection = new Store<Connected | undefined>(undefined);
  const panels = {
    protect: protectTab(workshop),
    check: checkTab(workshop),
    search: searchTab(connection),
    gallery: galleryTab(connection),
  };
  const tabs = tabList(Object.entries(panels).map(([name, panel]) => ({ name, text: `tab.${name}`, panel })));
  const title = element("h1", {}, emblem(), "unfind");
  const head = element("header", { class: "head" }, title, tabs, languageChoice());
  const main = element("main", { attributes: { id: "main", tabindex: "-1" } }, ...Object.values(panels));
  const licences = element("a", { text: "page.licences", attributes: { href: "licences.txt" } });
  const foot = element("footer", { class: "foot" }, element("p", { text: ["page.footer", { version: config.version }] }), licences);
  const skip = element("a", { class: "skip", text: "page.skip", attributes: { href: "#main" } });
  skip.addEventListener("click", (event) => {
    event.preventDefault(); // the address names the tab
    main.focus();
  });
  document.body.replaceChildren(skip, head, main, foot, announcer());
  // A photo that is dropped beside its place would be opened in place of the page.
  for (const kind of ["dragover", "drop"]) document.addEventListener(kind, (event) => event.preventDefault());
  reconnect(connection);
  document.documentElement.dataset.ready = "";
}

void build();
