// Builds what is measured into a folder: `node build.mjs OUT`.

import { cp, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { bundling } from "../build.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const wasm = join(here, "..", "node_modules", "@tensorflow/tfjs-backend-wasm/wasm-out");
const ort = join(here, "node_modules", "onnxruntime-web/dist");

// The same network on tfjs's own start, which takes threads where the page is isolated.
const threaded = {
  name: "threaded",
  setup(build) {
    build.onResolve({ filter: /^\.\/backend\.js$/ }, () => ({
      path: join(here, "threaded-backend.js"),
    }));
  },
};

export async function buildBench(out) {
  await mkdir(out, { recursive: true });
  const common = { ...bundling, absWorkingDir: here, splitting: false, outdir: out };
  await esbuild.build({
    ...common,
    entryPoints: { page: "page.js", tfjs: "tfjs-worker.js", ort: "ort-worker.js" },
    external: ["module", "worker_threads"],
  });
  await esbuild.build({
    ...common,
    alias: {},
    entryPoints: { "tfjs-threaded": "tfjs-worker.js" },
    plugins: [threaded],
  });
  for (const name of ["simd", "threaded-simd"]) {
    await cp(join(wasm, `tfjs-backend-wasm-${name}.wasm`), join(out, `tfjs-backend-wasm-${name}.wasm`));
  }
  for (const kind of ["mjs", "wasm"]) {
    await cp(join(ort, `ort-wasm-simd-threaded.${kind}`), join(out, `ort-wasm-simd-threaded.${kind}`));
  }
  await cp(join(here, "page.html"), join(out, "page.html"));
}
