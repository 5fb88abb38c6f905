/** Work on many photos: a place in a list for each, how far it has come, and one failure that stops no other. */

import { Problem } from "../problem";
import { announce } from "./announce";
import type { Progress } from "./progress";

export interface Batch<T> {
  /** Message of what is done. */
  title: string;
  /** Message of what was done, with {count}. */
  done: string;
  files: readonly File[];
  progress: Progress;
  work: (file: File, signal: AbortSignal) => Promise<T>;
  /** Show that a file is waited for; told what became of it. */
  place: (file: File) => (result: { answer: T } | { error: unknown }) => void;
}

/** @returns how many were done and how many failed. */
export async function runBatch<T>({ title, done, files, progress, work, place }: Batch<T>): Promise<{ done: number; failed: number }> {
  const signal = progress.begin(title, files.length);
  const ended = { done: 0, failed: 0 };
  await Promise.all(
    files.map(async (file) => {
      const tell = place(file);
      try {
        const answer = await work(file, signal);
        tell({ answer });
        ended.done += 1;
      } catch (error) {
        tell({ error });
        if (!(error instanceof Problem && error.key === "work.cancelled")) ended.failed += 1;
      }
      if (!signal.aborted) progress.step(ended.done + ended.failed, files.length);
    }),
  );
  progress.end();
  if (signal.aborted) announce("work.cancelled");
  else if (ended.failed > 0) announce("progress.problems", { count: ended.failed });
  else announce(done, { count: ended.done });
  return ended;
}
