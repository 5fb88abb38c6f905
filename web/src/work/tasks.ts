/** What the page asks of its workers. */

import { Key } from "../mark/key";
import { Learned, type Networks } from "../mark/learned";
import type { Found, Mark } from "../mark/mark";
import { type NetworkFiles, loadNetworks } from "../mark/networks";
import { SpreadSpectrum } from "../mark/spreadSpectrum";
import { decode } from "../photo/codec";
import { difference } from "./difference";
import { picture } from "./picture";
import { protect } from "./protect";

export type MarkName = "spread-spectrum" | "learned";

/** Whose mark, and which one. */
export interface MarkChoice {
  key: string;
  name: MarkName;
  owner: number;
  networks: NetworkFiles | undefined;
}

export interface ProtectTask {
  kind: "protect";
  photo: Blob;
  mark: MarkChoice;
  strength: number;
  quality: number | undefined;
}

export interface CheckTask {
  kind: "check";
  photo: Blob;
  /** Marks to look for, in turn. */
  marks: MarkChoice[];
}

export interface DifferenceTask {
  kind: "difference";
  before: Blob;
  after: Blob;
  gain: number;
}

/** Make the networks ready before the first photo comes. */
export interface PrepareTask {
  kind: "prepare";
  networks: NetworkFiles | undefined;
}

export interface ProtectedPhoto {
  file: Blob;
  preview: Blob;
  width: number;
  height: number;
  found: Found;
  louder: number;
  psnr: number;
}

export interface CheckedPhoto {
  preview: Blob;
  found: Found;
  /** The mark that was found. */
  name?: MarkName;
}

export interface Answers {
  protect: ProtectedPhoto;
  check: CheckedPhoto;
  difference: Blob;
  prepare: null;
}

export type Task = ProtectTask | CheckTask | DifferenceTask | PrepareTask;
export type Answer<T extends Task> = Answers[T["kind"]];

/** Longer side of the pictures in lists, and of the difference. */
const PREVIEW_SIDE = 480;
const DIFFERENCE_SIDE = 1600;

export async function perform(task: Task): Promise<Answers[keyof Answers]> {
  switch (task.kind) {
    case "protect": {
      const made = await protect(await bytes(task.photo), await markOf(task.mark), task);
      const file = new Blob([made.file], { type: `image/${made.format}` });
      const preview = await picture((await decode(made.file)).pixels, PREVIEW_SIDE);
      return { ...made, file, preview };
    }
    case "check":
      return check(await bytes(task.photo), task.marks);
    case "difference": {
      const [before, after] = await Promise.all([task.before, task.after].map(async (photo) => decode(await bytes(photo))));
      return picture(difference(before.pixels, after.pixels, task.gain), DIFFERENCE_SIDE);
    }
    case "prepare":
      if (task.networks) await networksOf(task.networks);
      return null;
  }
}

async function check(file: Uint8Array, marks: MarkChoice[]): Promise<CheckedPhoto> {
  const { pixels } = await decode(file);
  const preview = await picture(pixels, PREVIEW_SIDE);
  let best: Found = { marked: false, agreement: -1, falseAlarm: 1 };
  for (const choice of marks) {
    const found = await (await markOf(choice)).find(pixels);
    if (found.marked) return { preview, found, name: choice.name };
    if (found.agreement > best.agreement) best = found;
  }
  return { preview, found: best };
}

async function bytes(photo: Blob): Promise<Uint8Array> {
  return new Uint8Array(await photo.arrayBuffer());
}

async function markOf({ key, name, owner, networks }: MarkChoice): Promise<Mark> {
  const secret = Key.fromText(key);
  return name === "learned" && networks
    ? new Learned(secret, await networksOf(networks), owner)
    : new SpreadSpectrum(secret);
}

let loaded: Promise<Networks> | undefined;

/** There is one mark for each page, so that the first networks are those of every task. */
function networksOf(files: NetworkFiles): Promise<Networks> {
  loaded ??= loadNetworks(files);
  return loaded;
}
