/** Ask before something that cannot be undone. */

import { button, element, unique } from "./element";

/** Whether so many photos are really to be erased. */
export function confirmed(count: number): Promise<boolean> {
  return new Promise((answer) => {
    const title = element("h2", { text: "gallery.eraseTitle", attributes: { id: unique("confirm") } });
    const keep = button("gallery.eraseNo", "plain", () => dialog.close("no"));
    const erase = button("gallery.eraseYes", "main", () => dialog.close("yes"));
    erase.classList.add("danger");
    const dialog = element(
      "dialog",
      { class: "confirm", attributes: { "aria-labelledby": title.id } },
      title,
      element("p", { text: ["gallery.eraseAsk", { count }] }),
      element("div", { class: "row" }, keep, erase),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      answer(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
    keep.focus();
  });
}
