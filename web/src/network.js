import { startWasm } from "./wasm.js";
import { engine } from "@tensorflow/tfjs-core";
export async function loadNetwork(bytes, backend, wasmUrl) { await (backend=="wasm"?startWasm(wasmUrl):(await import("./webgpu.js")).startWebgpu()); return engine(); }
