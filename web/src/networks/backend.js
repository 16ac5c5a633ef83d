/**
 * Starts the tfjs backends: WebGPU, and WASM with SIMD. One backend computes at a time.
 *
 * tfjs can start its backends itself, but it writes failures to the console or drops them.
 * This module throws them as errors.
 */

import { registerBackend, registerKernel, setBackend } from "@tensorflow/tfjs-core";
import { BackendWasm } from "@tensorflow/tfjs-backend-wasm/dist/backend_wasm.js";
import { addConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Add.js";
import { fusedConv2DConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/FusedConv2D.js";
import makeModule from "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.js";

/**
 * @typedef {object} Backend
 * @property {"wasm" | "webgpu"} name
 * @property {<T>(run: () => Promise<T>) => Promise<T>} guard calls `run`; throws if the
 *   backend failed during the call, even where tfjs itself reported nothing
 */

/** @type {Map<string, Promise<Backend>>} by name */
const backends = new Map();

/**
 * Starts a backend once, and makes tfjs run its kernels on it.
 *
 * @param {"wasm" | "webgpu"} name
 * @param {string | URL} wasmUrl URL of tfjs-backend-wasm-simd.wasm
 * @returns {Promise<Backend>}
 * @throws {Error} if the backend cannot run in this browser; the message says why
 */
export async function startBackend(name, wasmUrl) {
  if (!backends.has(name)) {
    const starting = name === "webgpu" ? startWebgpu() : startWasm(wasmUrl);
    backends.set(name, starting);
    starting.catch(() => backends.delete(name)); // a later attempt may succeed
  }
  const backend = await backends.get(name);
  await setBackend(name);
  return backend;
}

async function startWebgpu() {
  if (!globalThis.navigator?.gpu) throw new Error("this browser has no WebGPU");
  const { createWebgpuBackend } = await import("./webgpu.js");
  return createWebgpuBackend();
}

async function startWasm(url) {
  const module = await instantiate(await compile(url));
  for (const kernel of [addConfig, fusedConv2DConfig]) registerKernel(kernel);
  registerBackend("wasm", () => new BackendWasm(module));
  return { name: "wasm", guard: (run) => run() };
}

/**
 * Downloads and compiles the WASM file.
 *
 * @returns {Promise<WebAssembly.Module>}
 */
async function compile(url) {
  if (!globalThis.WebAssembly) throw new Error("this browser has no WebAssembly");
  const response = await fetch(url, { credentials: "same-origin" });
  if (!response.ok) throw new Error(`${url} is missing (${response.status})`);
  // Browsers cache the code of a streamed compilation for the next page. Streaming requires
  // the right content type, which some hosts do not send.
  const canStream = response.headers.get("Content-Type") === "application/wasm";
  if (canStream) return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await response.arrayBuffer());
}

/** Instantiates the compiled code as the Emscripten module that `BackendWasm` expects. */
function instantiate(compiled) {
  return new Promise((resolve, reject) => {
    makeModule({
      instantiateWasm(imports, done) {
        WebAssembly.instantiate(compiled, imports).then(done, reject);
        return {};
      },
      printErr: () => {},
    }).then((module) => resolve(addFunctions(module)), reject);
  });
}

/** Adds to an Emscripten module the functions that tfjs calls. */
function addFunctions(module) {
  module._free(module._malloc(1)); // Emscripten replaces `_malloc` at its first call
  const malloc = module._malloc;
  module._malloc = (size) => {
    const address = malloc(size);
    // tfjs does not check the address, and would write at 0.
    if (!address && size) throw new RangeError("out of memory");
    return address;
  };
  const wrap = (name, result, count) => module.cwrap(name, result, Array(count).fill("number"));
  module.tfjs = {
    init: wrap("init", null, 0),
    initWithThreadsCount: wrap("init_with_threads_count", null, 1),
    getThreadsCount: wrap("get_threads_count", "number", 0),
    registerTensor: wrap("register_tensor", null, 3),
    disposeData: wrap("dispose_data", null, 1),
    dispose: wrap("dispose", null, 0),
  };
  return module;
}
