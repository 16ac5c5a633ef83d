/**
 * What computes: WebGPU where there is a device, else WASM with SIMD; one in a worker.
 *
 * tfjs would start both by itself, but reports failures to the console and, in places, to
 * nobody; here they are errors.
 */

import { registerBackend, registerKernel, setBackend } from "@tensorflow/tfjs-core";
import { BackendWasm } from "@tensorflow/tfjs-backend-wasm/dist/backend_wasm.js";
import { addConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Add.js";
import { fusedConv2DConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/FusedConv2D.js";
import makeModule from "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.js";

/**
 * @typedef {object} Backend
 * @property {"wasm" | "webgpu"} name
 * @property {<T>(run: () => Promise<T>) => Promise<T>} guard runs it and throws where what
 *   it gave cannot be trusted
 */

/** @type {Map<string, Promise<Backend>>} by name */
const started = new Map();

/**
 * Starts a backend and makes it the one that kernels run on.
 *
 * @param {"wasm" | "webgpu"} name
 * @param {string | URL} wasmUrl where tfjs-backend-wasm-simd.wasm is
 * @returns {Promise<Backend>}
 * @throws {Error} it cannot run here; the message says why
 */
export async function startBackend(name, wasmUrl) {
  if (!started.has(name)) {
    const starting = name === "webgpu" ? startWebgpu() : startWasm(wasmUrl);
    started.set(name, starting);
    starting.catch(() => started.delete(name)); // the next may have more luck
  }
  const backend = await started.get(name);
  await setBackend(name);
  return backend;
}

async function startWebgpu() {
  if (!globalThis.navigator?.gpu) throw new Error("this browser has no WebGPU");
  const { makeWebgpu } = await import("./webgpu.js");
  return makeWebgpu();
}

async function startWasm(url) {
  const module = await instantiate(await compile(url));
  for (const kernel of [addConfig, fusedConv2DConfig]) registerKernel(kernel);
  registerBackend("wasm", () => new BackendWasm(module));
  return { name: "wasm", guard: (run) => run() };
}

/** @returns {Promise<WebAssembly.Module>} */
async function compile(url) {
  if (!globalThis.WebAssembly) throw new Error("this browser has no WebAssembly");
  const response = await fetch(url, { credentials: "same-origin" });
  if (!response.ok) throw new Error(`${url} is missing (${response.status})`);
  // Browsers keep what they compiled while it streamed, for the next page. Some hosts do not
  // know the type, which streaming asks for.
  const streams = response.headers.get("Content-Type") === "application/wasm";
  if (streams) return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await response.arrayBuffer());
}

/** The module as `BackendWasm` takes it. */
function instantiate(compiled) {
  return new Promise((resolve, reject) => {
    makeModule({
      instantiateWasm(imports, done) {
        WebAssembly.instantiate(compiled, imports).then(done, reject);
        return {};
      },
      printErr: () => {},
    }).then((module) => resolve(equipped(module)), reject);
  });
}

function equipped(module) {
  module._free(module._malloc(1)); // Emscripten puts the function itself here at its first call
  const malloc = module._malloc;
  module._malloc = (size) => {
    const address = malloc(size);
    // tfjs would go on writing at address 0.
    if (!address && size) throw new RangeError("out of memory");
    return address;
  };
  const call = (name, result, count) => module.cwrap(name, result, Array(count).fill("number"));
  module.tfjs = {
    init: call("init", null, 0),
    initWithThreadsCount: call("init_with_threads_count", null, 1),
    getThreadsCount: call("get_threads_count", "number", 0),
    registerTensor: call("register_tensor", null, 3),
    disposeData: call("dispose_data", null, 1),
    dispose: call("dispose", null, 0),
  };
  return module;
}
