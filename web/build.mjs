// Builds comrec/apps/web/dist from src/: `npm ci && npm run build`. The same sources and lock
// file give the same bytes on every machine.

import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, "node_modules");
const out = process.argv[2] ?? join(here, "..", "comrec", "apps", "web", "dist");
const wasm = "tfjs-backend-wasm-simd.wasm";
/** Path of the WASM runtime. */
export const runtime = join(modules, "@tensorflow/tfjs-backend-wasm/wasm-out", wasm);

// The WASM backend includes a threaded variant, whose worker needs a blob: URL and an isolated
// page. comrec uses a pool of workers instead, and leaves the variant out.
const withoutThreads = {
  name: "without-threads",
  setup(build) {
    build.onLoad({ filter: /tfjs-backend-wasm-threaded-simd(\.worker)?\.js$/ }, () => ({
      contents: "export const wasmWorkerContents = ''; export default null;",
    }));
  },
};

/** Options of esbuild that every build of the sources shares. */
export const bundling = {
  bundle: true,
  format: "esm",
  minify: true,
  target: "es2022",
  legalComments: "none", // LICENCES.txt has them
  // `base` is the core without the gradients and the chained methods.
  alias: { "@tensorflow/tfjs-core": join(modules, "@tensorflow/tfjs-core/dist/base.js") },
  plugins: [withoutThreads],
  logLevel: "warning",
};

const SCRIPTS = {
  "comrec-img": "src/page/comrec-img.js",
  picture: "src/page/picture.js",
  "comrec-worker": "src/workers/worker.js",
  // of the pages that `comrec web` makes
  gallery: "src/page/gallery.js",
  drop: "src/page/drop.js",
  "from-disk": "src/page/from-disk.js",
};

// The third-party code in dist/: who holds the copyright, and the file in licences/. Packages
// come first; from XNNPACK on, the code is inside the WASM.
const BUNDLED = {
  "@tensorflow/tfjs-core": ["Copyright Google LLC", "Apache-2.0"],
  "@tensorflow/tfjs-backend-wasm": ["Copyright Google LLC", "Apache-2.0"],
  "@tensorflow/tfjs-backend-webgpu": ["Copyright Google LLC", "Apache-2.0"],
  "@tensorflow/tfjs-backend-cpu": ["Copyright Google LLC", "Apache-2.0"],
  long: ["Copyright Daniel Wirtz and others", "Apache-2.0"],
  seedrandom: ["Copyright 2019 David Bau", "MIT"],
  XNNPACK: ["Copyright Facebook, Inc. and Google LLC", "XNNPACK"],
  pthreadpool: ["Copyright Facebook Inc. and Georgia Institute of Technology", "pthreadpool"],
  "FP16 and FXdiv": ["Copyright Facebook Inc., Georgia Institute of Technology, Google LLC", "MIT"],
  Emscripten: ["Copyright (c) 2010-2014 Emscripten authors", "MIT"],
  musl: ["Copyright 2005-2020 Rich Felker, et al.", "MIT"],
};

async function build() {
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  // One build for each script: a shared chunk would be small, and one more request.
  const inputs = [];
  for (const [name, source] of Object.entries(SCRIPTS)) {
    inputs.push(...(await bundle(name, source)));
  }
  // A copy would be executable, as the file is in its package.
  await writeFile(join(out, wasm), await readFile(runtime));
  await writeFile(join(out, "LICENCES.txt"), await composeLicences(inputs));
}

/** Bundles a script into `out`; returns the paths of the modules in the bundle. */
async function bundle(name, source) {
  const { metafile } = await esbuild.build({
    ...bundling,
    absWorkingDir: here,
    entryPoints: { [name]: source },
    external: ["./picture.js"],
    outdir: out,
    splitting: true,
    chunkNames: "[name]-[hash]",
    metafile: true,
  });
  if (process.env.ANALYSE) console.log(await esbuild.analyzeMetafile(metafile));
  return Object.keys(metafile.inputs);
}

/** Composes LICENCES.txt; throws if a bundled package has no entry in BUNDLED. */
async function composeLicences(inputs) {
  const packages = inputs.map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]);
  const unknown = new Set(packages.filter((name) => name && !(name in BUNDLED)));
  if (unknown.size) throw new Error(`without a licence in build.mjs: ${[...unknown].join(", ")}`);
  const lines = Object.entries(BUNDLED).map(([name, [who, text]]) => `${name}: ${who} (${text})`);
  const texts = [...new Set(Object.values(BUNDLED).map(([, text]) => text))].map(async (name) => {
    const text = await readFile(join(here, "licences", `${name}.txt`), "utf8");
    return `${"=".repeat(80)}\n${name}\n\n${text.trim()}\n`;
  });
  const intro =
    "The scripts in this folder are comrec's (MIT, Copyright (c) 2026 The comrec developers),\n" +
    "and, with the .wasm file, contain:\n";
  return [intro, `${lines.join("\n")}\n`, ...(await Promise.all(texts))].join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build();
