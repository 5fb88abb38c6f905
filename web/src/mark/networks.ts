/** The two networks of a learned mark, run by ONNX Runtime in WebAssembly. */

import * as ort from "onnxruntime-web/wasm";
import wasm from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import { Problem } from "../problem";
import type { Networks } from "./learned";
import type { Pixels } from "./plane";
import { SLOTS } from "./slots";

/** Where the networks of a mark lie. */
export interface NetworkFiles {
  encoder: string;
  decoder: string;
}

/** Fetch both networks and make them ready. */
export async function loadNetworks(files: NetworkFiles): Promise<Networks> {
  // One thread for each worker: photos are what is done side by side.
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = { wasm: new URL(wasm, self.location.href).href };
  const [encoder, decoder] = await Promise.all([session(files.encoder), session(files.decoder)]);
  return {
    async encode(photo, signs) {
      const found = await encoder.run({ photo: tensor(photo), signs: new ort.Tensor("float32", signs, [1, SLOTS]) });
      return found.change.data as Float32Array;
    },
    async decode(photo) {
      const { evidence, presence } = await decoder.run({ photo: tensor(photo) });
      return { evidence: evidence.data as Float32Array, presence: presence.data as Float32Array };
    },
  };
}

async function session(address: string): Promise<ort.InferenceSession> {
  const answer = await fetch(address).catch(() => undefined);
  if (!answer?.ok) throw new Problem("mark.absent");
  return ort.InferenceSession.create(new Uint8Array(await answer.arrayBuffer()), { executionProviders: ["wasm"] });
}

function tensor({ data, width, height }: Pixels): ort.Tensor {
  return new ort.Tensor("uint8", new Uint8Array(data.buffer, data.byteOffset, data.length), [1, height, width, 4]);
}
