/** Works on photos beside the page, so that the page stays alive. */

import { Problem } from "../problem";
import { type Task, perform } from "./tasks";

self.addEventListener("message", (event: MessageEvent<Task>) => {
  perform(event.data).then(
    (answer) => self.postMessage({ answer }),
    (error: unknown) => self.postMessage({ problem: asProblem(error) }),
  );
});

function asProblem(error: unknown): { key: string; facts: Problem["facts"] } {
  if (error instanceof Problem) return { key: error.key, facts: error.facts };
  const reason = error instanceof Error ? error.message : String(error);
  if (/memory|allocation/i.test(reason)) return { key: "work.memory", facts: {} };
  return { key: "work.failed", facts: { reason } };
}
