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

/** For every build: the sources are bundled in one way. */
export const bundling = {
  bundle: true,
  format: "esm",
  minify: true,
  target: "es2022",
  legalComments: "none", // they stand in LICENCES.txt
  // `base` is the core without the gradients and the chained methods.
  alias: { "@tensorflow/tfjs-core": join(modules, "@tensorflow/tfjs-core/dist/base.js") },
  logLevel: "warning",
};

async function build() {
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  const { metafile } = await esbuild.build({
    ...bundling,
    absWorkingDir: here,
    entryPoints: { "comrec-img": "src/comrec-img.js", "comrec-worker": "src/worker.js" },
    outdir: out,
    splitting: true,
    chunkNames: "[name]-[hash]",
    plugins: [withoutThreads],
    metafile: true,
  });
  // Read and written rather than copied, for the package marks it executable.
  const runtime = await readFile(join(modules, "@tensorflow/tfjs-backend-wasm/wasm-out", wasm));
  await writeFile(join(out, wasm), runtime);
  await writeFile(join(out, "LICENCES.txt"), await licences());
  if (process.env.ANALYSE) console.log(await esbuild.analyzeMetafile(metafile));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build();

async function licences() {
  return readFile(join(here, "licences", "Apache-2.0.txt"), "utf8");
}
