/** A few workers that share a queue of tasks. */

import { Problem } from "../problem";
import type { Answer, Task } from "./tasks";

interface Waiting {
  task: Task;
  done: (answer: never) => void;
  failed: (error: Problem) => void;
  signal: AbortSignal | undefined;
}

/** As much of a worker as a pool needs. */
export interface Worklike {
  postMessage(task: Task): void;
  terminate(): void;
  onmessage: ((event: MessageEvent<Reply>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
}

type Reply = { answer: never } | { problem: { key: string; facts: Problem["facts"] } };

export class Pool {
  private readonly queue: Waiting[] = [];
  private readonly idle: Worklike[] = [];
  private made = 0;

  constructor(
    private readonly make: () => Worklike,
    private readonly size: number,
  ) {}

  /**
   * Have a task done.
   *
   * @param signal where it is given up, a task that waits is not begun, and the answer of one under way is not waited for.
   */
  run<T extends Task>(task: T, signal?: AbortSignal): Promise<Answer<T>> {
    return new Promise((done, failed) => {
      const waiting = { task, done: done as (answer: never) => void, failed, signal };
      signal?.addEventListener("abort", () => failed(new Problem("work.cancelled")));
      this.queue.push(waiting);
      this.next();
    });
  }

  private next(): void {
    while (this.queue[0]?.signal?.aborted) this.queue.shift();
    if (this.queue.length === 0) return;
    const worker = this.idle.pop() ?? (this.made < this.size ? this.hired() : undefined);
    const waiting = worker && this.queue.shift();
    if (!worker || !waiting) return;
    worker.onmessage = ({ data }) => {
      if ("answer" in data) waiting.done(data.answer);
      else waiting.failed(new Problem(data.problem.key, data.problem.facts));
      this.idle.push(worker);
      this.next();
    };
    worker.onerror = (event) => {
      event.preventDefault?.();
      waiting.failed(new Problem("work.failed", { reason: event.message ?? "" }));
      worker.terminate();
      this.made -= 1;
      this.next();
    };
    worker.postMessage(waiting.task);
    this.next();
  }

  private hired(): Worklike {
    this.made += 1;
    return this.make();
  }
}
