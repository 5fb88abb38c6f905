/** What the service tells the page about itself, and the networks of the mark that it has. */

import wasm from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import type { NetworkFiles } from "../mark/networks";
import { Problem } from "../problem";
import type { MarkName } from "../work/tasks";

export interface Config {
  version: string;
  /** The mark that is used unless another one is chosen; null where this service's own cannot be made here. */
  mark: MarkName | null;
  /** Of the mark that needs no networks. */
  strength: number;
  /** Where the networks of the learned mark lie; null where the service has none. */
  networks: { encoder: string; decoder: string; strength: number } | null;
}

const WITHOUT: Config = { version: "", mark: "spread-spectrum", strength: 1, networks: null };

/** The service's word; without a service, the mark that needs nothing. */
export async function loadConfig(): Promise<Config> {
  const answer = await fetch("config.json").catch(() => undefined);
  return answer?.ok ? ((await answer.json()) as Config) : WITHOUT;
}

/** Fetch the networks and what runs them, once for all workers. */
export async function fetchNetworks({ networks }: Config): Promise<NetworkFiles | undefined> {
  if (!networks) return undefined;
  const [encoder, decoder, runtime] = await Promise.all([networks.encoder, networks.decoder, wasm].map(fetched));
  return { encoder, decoder, runtime };
}

async function fetched(address: string): Promise<Blob> {
  const answer = await fetch(address).catch(() => undefined);
  if (!answer?.ok) throw new Problem("mark.absent");
  return answer.blob();
}
