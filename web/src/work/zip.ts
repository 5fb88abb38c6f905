/** Many files as one, in the order given; photos are packed already, so they are only put side by side. */

import { Zip, ZipPassThrough } from "fflate";

export interface Named {
  name: string;
  file: Blob;
}

export async function zip(files: readonly Named[]): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const archive = new Zip((error, part) => {
    if (error) throw error;
    parts.push(part as Uint8Array<ArrayBuffer>);
  });
  for (const { name, file } of distinct(files)) {
    const entry = new ZipPassThrough(name);
    archive.add(entry);
    entry.push(new Uint8Array(await file.arrayBuffer()), true);
  }
  archive.end();
  return new Blob(parts, { type: "application/zip" });
}

/** Files of which no two have one name: holiday.jpg, holiday (2).jpg. */
export function distinct(files: readonly Named[]): Named[] {
  const taken = new Set<string>();
  return files.map(({ name, file }) => {
    const [, stem, ending] = /^(.*?)(\.[^./]*)?$/s.exec(name) ?? ["", name, ""];
    let other = name;
    for (let count = 2; taken.has(other.toLowerCase()); count++) other = `${stem} (${count})${ending ?? ""}`;
    taken.add(other.toLowerCase());
    return { name: other, file };
  });
}
