// Builds comrec/web/dist from src/: `npm ci && npm run build`. The same sources and lock
// file give the same bytes on every machine.

import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, "node_modules");
const out = process.argv[2] ?? join(here, "..", "comrec", "web", "dist");
const wasm = "tfjs-backend-wasm-simd.wasm";

// The WASM backend brings a threaded twin, whose worker needs a blob: URL and an isolated
// page. comrec has a pool of workers instead, and leaves the twin out.
const withoutThreads = {
  name: "without-threads",
  setup(build) {
    build.onLoad({ filter: /tfjs-backend-wasm-threaded-simd(\.worker)?\.js$/ }, () => ({
      contents: "export const wasmWorkerContents = ''; export default null;",
    }));
  },
};

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
const { metafile } = await esbuild.build({
  absWorkingDir: here,
  entryPoints: { "comrec-img": "src/comrec-img.js", "comrec-worker": "src/worker.js" },
  outdir: out,
  bundle: true,
  format: "esm",
  splitting: true,
  minify: true,
  target: "es2022",
  chunkNames: "[name]-[hash]",
  legalComments: "none", // they stand in LICENCES.txt
  // `base` is the core without the gradients and the chained methods.
  alias: { "@tensorflow/tfjs-core": join(modules, "@tensorflow/tfjs-core/dist/base.js") },
  plugins: [withoutThreads],
  metafile: true,
  logLevel: "warning",
});
// Read and written rather than copied, for the package marks it executable.
await writeFile(
  join(out, wasm),
  await readFile(join(modules, "@tensorflow/tfjs-backend-wasm/wasm-out", wasm)),
);
await writeFile(join(out, "LICENCES.txt"), await licences());
if (process.env.ANALYSE) console.log(await esbuild.analyzeMetafile(metafile));

async function licences() {
  return readFile(join(here, "licences", "Apache-2.0.txt"), "utf8");
}
