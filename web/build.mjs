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
/** Path of the WASM runtime. */
export const runtime = join(modules, "@tensorflow/tfjs-backend-wasm/wasm-out", wasm);

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

/** For every build of the sources. */
export const bundling = {
  bundle: true,
  format: "esm",
  minify: true,
  target: "es2022",
  legalComments: "none", // they stand in LICENCES.txt
  // `base` is the core without the gradients and the chained methods.
  alias: { "@tensorflow/tfjs-core": join(modules, "@tensorflow/tfjs-core/dist/base.js") },
  plugins: [withoutThreads],
  logLevel: "warning",
};

const SCRIPTS = {
  "comrec-img": "src/page/comrec-img.js",
  picture: "src/page/picture.js",
  "comrec-worker": "src/workers/worker.js",
};

// What stands in dist/ beside our own code, and which texts of licences/ it comes with. The
// first are packages, from XNNPACK on it is inside the WASM.
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
  // Apart, for what two of them have is small, and a chunk of it would be one more request.
  const inputs = [];
  for (const [name, source] of Object.entries(SCRIPTS)) {
    inputs.push(...(await bundled(name, source)));
  }
  // Read and written rather than copied, for the package marks it executable.
  await writeFile(join(out, wasm), await readFile(runtime));
  await writeFile(join(out, "LICENCES.txt"), await licences(inputs));
}

/** Builds a script into `out`; returns the paths of what is in it. */
async function bundled(name, source) {
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

/** The text of LICENCES.txt, for what the bundle is made of. */
async function licences(inputs) {
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
