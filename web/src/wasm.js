import { env, registerBackend, registerKernel, setBackend } from "@tensorflow/tfjs-core";
import { BackendWasm, setWasmPaths } from "@tensorflow/tfjs-backend-wasm/dist/base.js";
import { addConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Add.js";
import { fusedConv2DConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/FusedConv2D.js";

export async function startWasm(url){
 registerKernel(addConfig); registerKernel(fusedConv2DConfig);
 env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
 setWasmPaths({"tfjs-backend-wasm.wasm":url,"tfjs-backend-wasm-simd.wasm":url,"tfjs-backend-wasm-threaded-simd.wasm":url});
 return setBackend("wasm");
}
