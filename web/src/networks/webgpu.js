/**
 * Creates the WebGPU backend. The module is a chunk of its own, so that browsers without
 * WebGPU do not download it.
 */

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
 * Requests a device and registers a tfjs backend that computes on the device.
 *
 * @returns {Promise<import("./backend.js").Backend>}
 * @throws {Error} if no adapter provides a device
 */
export async function createWebgpuBackend() {
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new Error("WebGPU has no adapter here");
  const requiredLimits = Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]]));
  const device = await adapter.requestDevice({ requiredLimits });
  for (const kernel of [addConfig, fusedConv2DConfig]) registerKernel(kernel);
  registerBackend("webgpu", () => new WebGPUBackend(device, adapter.info));
  return { name: "webgpu", guard: (run) => runGuarded(device, run) };
}

/**
 * Calls `run` and throws the first error that the device reports meanwhile: a command that
 * fails throws nothing, and leaves zeros in its output.
 */
async function runGuarded(device, run) {
  for (const kind of ERRORS) device.pushErrorScope(kind);
  try {
    return await run();
  } finally {
    const errors = await Promise.all(ERRORS.map(() => device.popErrorScope()));
    const error = errors.find(Boolean);
    if (error) throw new Error(error.message);
  }
}
