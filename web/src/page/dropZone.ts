/** A place to drop photos on, with buttons for those who do not drag. */

import { MOST_PIXELS } from "../photo/codec";
import { button, element, icon } from "./element";

export interface DropZoneLike {
  /** Message of what is to be dropped. */
  text: string;
  many: boolean;
  folder: boolean;
  take: (files: File[]) => void;
}

const KINDS = "image/jpeg,image/png,image/webp,image/heic,image/heif,image/avif,.jpg,.jpeg,.png,.webp";
const LOOKS_LIKE_A_PHOTO = /\.(jpe?g|png|webp|heic|heif|avif)$/i;

export function dropZone({ text, many, folder, take }: DropZoneLike): HTMLElement {
  const files = picker({ many, folder: false, take });
  const folders = folder ? picker({ many: true, folder: true, take }) : undefined;
  const buttons = element(
    "div",
    { class: "row" },
    button(many ? "drop.choose" : "drop.chooseOne", "main", () => files.click()),
    folders && button("drop.folder", "plain", () => folders.click()),
  );
  const zone = element(
    "div",
    { class: "drop" },
    icon("M12 16V4m0 0 5 5m-5-5-5 5", "M4 15v3a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-3"),
    element("p", { class: "drop-title", text }),
    buttons,
    element("p", { class: "hint", text: ["drop.kinds", { most: MOST_PIXELS / 1e6 }] }),
    files,
    folders,
  );
  acceptDrops(zone, (dropped) => take(many ? dropped : dropped.slice(0, 1)));
  return zone;
}

function picker({ many, folder, take }: { many: boolean; folder: boolean; take: (files: File[]) => void }): HTMLInputElement {
  const input = element("input", {
    label: folder ? "drop.folder" : "drop.choose",
    attributes: { type: "file", hidden: "", ...(folder ? {} : { accept: KINDS }) },
  });
  input.multiple = many;
  input.webkitdirectory = folder;
  input.addEventListener("change", () => {
    const chosen = [...(input.files ?? [])];
    input.value = ""; // the same file may be chosen again
    take(folder ? chosen.filter(({ name }) => LOOKS_LIKE_A_PHOTO.test(name)) : chosen);
  });
  return input;
}

function acceptDrops(zone: HTMLElement, take: (files: File[]) => void): void {
  let inside = 0;
  const mark = (change: number): void => {
    inside = Math.max(0, inside + change);
    zone.classList.toggle("over", inside > 0);
  };
  zone.addEventListener("dragenter", () => mark(1));
  zone.addEventListener("dragleave", () => mark(-1));
  zone.addEventListener("dragover", (event) => event.preventDefault());
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    mark(-inside);
    void droppedFiles(event.dataTransfer).then(take);
  });
}

/** All dropped files, those in dropped folders too. */
async function droppedFiles(data: DataTransfer | null): Promise<File[]> {
  const entries = [...(data?.items ?? [])].map((item) => item.webkitGetAsEntry?.() ?? null);
  const plain = [...(data?.files ?? [])];
  if (!entries.some((entry) => entry?.isDirectory)) return plain;
  const found = await Promise.all(entries.filter((entry) => entry !== null).map(filesBelow));
  return found.flat();
}

async function filesBelow(entry: FileSystemEntry): Promise<File[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((done, failed) => (entry as FileSystemFileEntry).file(done, failed));
    return LOOKS_LIKE_A_PHOTO.test(file.name) ? [file] : [];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const below: File[] = [];
  for (;;) {
    // A folder is read in pieces, until a piece is empty.
    const piece = await new Promise<FileSystemEntry[]>((done, failed) => reader.readEntries(done, failed));
    if (piece.length === 0) return below;
    below.push(...(await Promise.all(piece.map(filesBelow))).flat());
  }
}
