/** The WebGPU backend: a chunk of its own, downloaded only where it can run. */

import { registerBackend, registerKernel } from "@tensorflow/tfjs-core";
import { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu/dist/backend_webgpu.js";
import { addConfig } from "@tensorflow/tfjs-backend-webgpu/dist/kernels/Add.js";
import { fusedConv2DConfig } from "@tensorflow/tfjs-backend-webgpu/dist/kernels/FusedConv2D.js";

const LIMITS = [
  "maxBufferSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupStorageSize",
  "maxComputeWorkgroupsPerDimension",
  "maxStorageBufferBindingSize",
];
const ERRORS = ["validation", "out-of-memory", "internal"];

/**
 * @returns {Promise<import("./backend.js").Backend>}
 * @throws {Error} no adapter gives a device
 */
export async function makeWebgpu() {
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new Error("WebGPU has no adapter here");
  const requiredLimits = Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]]));
  const device = await adapter.requestDevice({ requiredLimits });
  for (const kernel of [addConfig, fusedConv2DConfig]) registerKernel(kernel);
  registerBackend("webgpu", () => new WebGPUBackend(device, adapter.info));
  return { name: "webgpu", guard: (run) => guarded(device, run) };
}

/** A command that fails leaves zeros and a note; the note is asked for and thrown. */
async function guarded(device, run) {
  for (const kind of ERRORS) device.pushErrorScope(kind);
  try {
    return await run();
  } finally {
    const notes = await Promise.all(ERRORS.map(() => device.popErrorScope()));
    const note = notes.find(Boolean);
    if (note) throw new Error(note.message);
  }
}
