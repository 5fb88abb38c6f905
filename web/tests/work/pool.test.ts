import { expect, it } from "vitest";
import { Problem } from "../../src/problem";
import { Pool, type Worklike } from "../../src/work/pool";
import type { PrepareTask, Task } from "../../src/work/tasks";

const TASK: PrepareTask = { kind: "prepare", networks: undefined };

/** A worker that answers when it is told to. */
class Patient implements Worklike {
  onmessage: Worklike["onmessage"] = null;
  onerror: Worklike["onerror"] = null;
  tasks: Task[] = [];
  ended = false;

  postMessage(task: Task): void {
    this.tasks.push(task);
  }

  terminate(): void {
    this.ended = true;
  }

  answer(answer: unknown): void {
    this.onmessage?.({ data: { answer } } as MessageEvent);
  }
}

function pool(size: number): { pool: Pool; workers: Patient[] } {
  const workers: Patient[] = [];
  const make = (): Patient => {
    workers.push(new Patient());
    return workers[workers.length - 1];
  };
  return { pool: new Pool(make, size), workers };
}

it("gives each worker one task at a time, in order", async () => {
  const { pool: shared, workers } = pool(2);
  const answers = [0, 1, 2, 3].map(() => shared.run(TASK));
  expect(workers.map((worker) => worker.tasks.length)).toEqual([1, 1]);
  workers[1].answer("second");
  expect(workers[1].tasks.length).toBe(2);
  workers[0].answer("first");
  workers[0].answer("fourth");
  workers[1].answer("third");
  expect(await Promise.all(answers)).toEqual(["first", "second", "third", "fourth"]);
});

it("passes on what went wrong", async () => {
  const { pool: shared, workers } = pool(1);
  const answer = shared.run(TASK);
  workers[0].onmessage?.({ data: { problem: { key: "photo.damaged", facts: {} } } } as MessageEvent);
  await expect(answer).rejects.toEqual(new Problem("photo.damaged"));
});

it("does not begin what is given up, and does not wait for what is under way", async () => {
  const { pool: shared, workers } = pool(1);
  const stop = new AbortController();
  const given = [shared.run(TASK, stop.signal), shared.run(TASK, stop.signal)];
  const other = shared.run(TASK);
  stop.abort();
  for (const answer of given) await expect(answer).rejects.toEqual(new Problem("work.cancelled"));
  workers[0].answer("too late");
  workers[0].answer("other");
  expect(await other).toBe("other");
  expect(workers[0].tasks.length).toBe(2);
});

it("goes on with a new worker where one has died", async () => {
  const { pool: shared, workers } = pool(1);
  const [first, second] = [shared.run(TASK), shared.run(TASK)];
  workers[0].onerror?.({ message: "out of memory" } as ErrorEvent);
  await expect(first).rejects.toMatchObject({ key: "work.failed", facts: { reason: "out of memory" } });
  expect(workers[0].ended).toBe(true);
  workers[1].answer("well");
  expect(await second).toBe("well");
});
