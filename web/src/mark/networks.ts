/** The two networks of a learned mark, run by ONNX Runtime in WebAssembly. */

import * as ort from "onnxruntime-web/wasm";
import type { Networks } from "./learned";
import type { Pixels } from "./plane";
import { SLOTS } from "./slots";

/** The networks, and the WebAssembly that runs them; fetched once, so that all works without a network later. */
export interface NetworkFiles {
  encoder: Blob;
  decoder: Blob;
  runtime: Blob;
}

export async function loadNetworks(files: NetworkFiles): Promise<Networks> {
  // One thread for each worker: photos are what is done side by side.
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmBinary = await files.runtime.arrayBuffer();
  const [encoder, decoder] = [await session(files.encoder), await session(files.decoder)];
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

async function session(file: Blob): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(new Uint8Array(await file.arrayBuffer()), { executionProviders: ["wasm"] });
}

function tensor({ data, width, height }: Pixels): ort.Tensor {
  return new ort.Tensor("uint8", new Uint8Array(data.buffer, data.byteOffset, data.length), [1, height, width, 4]);
}
