/** The workers of the page, and the mark that they are to make. */

import type { NetworkFiles } from "../mark/networks";
import { Pool } from "../work/pool";
import type { MarkChoice, MarkName } from "../work/tasks";
import type { Config } from "./config";
import { fetchNetworks } from "./config";
import type { HeldKey } from "./keyCard";
import type { Store } from "./store";

/** Each may hold a photo of 50 megapixels three times over. */
const MOST_WORKERS = 3;

/** What both tabs that work on photos need. */
export interface Workshop {
  pool: Pool;
  config: Config;
  key: Store<HeldKey | undefined>;
  networks: Promise<NetworkFiles | undefined>;
}

export function openWorkshop(config: Config, key: Store<HeldKey | undefined>): Workshop {
  const size = Math.min(MOST_WORKERS, Math.max(1, navigator.hardwareConcurrency - 1));
  const make = (): Worker => new Worker(new URL("../work/worker.ts", import.meta.url), { type: "module" });
  const pool = new Pool(make, size);
  const networks = fetchNetworks(config);
  networks.then(
    (files) => Promise.all(Array.from({ length: size }, () => pool.run({ kind: "prepare", networks: files }))),
    () => undefined, // whoever asks for a photo to be worked on is told
  );
  return { pool, config, key, networks };
}

/** A mark for a task; `owner` is what it says of its owner. */
export async function markChoice({ key, networks }: Workshop, name: MarkName, owner: number): Promise<MarkChoice | undefined> {
  const held = key.value;
  if (!held) return undefined;
  return { key: held.key.toText(), name, owner, networks: name === "learned" ? await networks : undefined };
}
