import { defineConfig } from "vitest/config";

export default defineConfig({
  base: "./",
  build: {
    outDir: "../src/unfind/service/page",
    emptyOutDir: true,
    target: "es2022",
    // The policy of the service allows no data: addresses but for pictures.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // One file: the largest part is WebAssembly, and a wait for a second script would cost more than it saves.
    chunkSizeWarningLimit: 400,
    reportCompressedSize: false,
  },
  worker: { format: "es" },
  test: { isolate: false, include: ["tests/**/*.test.ts"] },
});
