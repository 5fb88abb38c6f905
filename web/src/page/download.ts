import { element } from "./element";

/** Give a file to the reader. */
export function download(file: Blob, name: string): void {
  const address = URL.createObjectURL(file);
  const link = element("a", { attributes: { href: address, download: name } });
  document.body.append(link);
  link.click();
  link.remove();
  // The browser needs the address until it has begun to save.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** holiday.jpg to holiday-protected.jpg. */
export function withSuffix(name: string, suffix: string): string {
  const [, stem, ending] = /^(.*?)(\.[^./]*)?$/s.exec(name) ?? ["", name, ""];
  return `${stem}-${suffix}${ending ?? ""}`;
}
