// After a build: the licences of what is in it, and each text and WebAssembly file packed, so that no server has to do it.
import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const OUT = "../src/unfind/service/page";
const INCLUDED = ["onnxruntime-web", "@noble/hashes", "fflate", "@fontsource-variable/figtree"];
const PACKED = /\.(?:html|js|css|svg|wasm|txt)$/;
// Quality 11 would save a tenth more of the WebAssembly and take half a minute.
const QUALITY = 9;

function licence(name) {
  const folder = join("node_modules", name);
  const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[sc]e/i.test(entry));
  const text = file ? readFileSync(join(folder, file), "utf8").trim() : LICENCES[name];
  if (!text) throw new Error(`${name} brings no licence: add its text`);
  return `${name} ${version} (${license})\n\n${text}\n`;
}

/** Of packages that do not bring their licence's text. */
const LICENCES = {
  "onnxruntime-web": readFileSync("scripts/onnxruntime-licence.txt", "utf8").trim(),
};

const rule = `\n${"-".repeat(80)}\n\n`;
writeFileSync(join(OUT, "licences.txt"), `This page includes:\n${rule}${INCLUDED.map(licence).join(rule)}`);

for (const entry of readdirSync(OUT, { recursive: true })) {
  const path = join(OUT, entry);
  if (!PACKED.test(entry) || !statSync(path).isFile()) continue;
  const plain = readFileSync(path);
  const params = { [constants.BROTLI_PARAM_QUALITY]: QUALITY, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length };
  writeFileSync(`${path}.br`, brotliCompressSync(plain, { params }));
  writeFileSync(`${path}.gz`, gzipSync(plain, { level: 9 }));
}
