/** `src/networks/backend.js` for measurements: tfjs's threaded WASM, which needs an isolated page. */

import { env, registerKernel, setBackend } from "@tensorflow/tfjs-core";
import { setThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm/dist/base.js";
import { addConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Add.js";
import { fusedConv2DConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/FusedConv2D.js";

export async function startBackend(name, folder) {
  setThreadsCount(Number(new URL(self.location).searchParams.get("threads")));
  setWasmPaths(String(folder));
  for (const kernel of [addConfig, fusedConv2DConfig]) registerKernel(kernel);
  if (!(await env().getAsync("WASM_HAS_MULTITHREAD_SUPPORT"))) throw new Error("no threads");
  if (!(await setBackend(name))) throw new Error("tfjs did not start");
  return { name, guard: (run) => run() };
}
