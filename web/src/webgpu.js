import { registerBackend, registerKernel, setBackend } from "@tensorflow/tfjs-core";
import { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu/dist/backend_webgpu.js";
import { addConfig } from "@tensorflow/tfjs-backend-webgpu/dist/kernels/Add.js";
import { fusedConv2DConfig } from "@tensorflow/tfjs-backend-webgpu/dist/kernels/FusedConv2D.js";
export async function startWebgpu(){
 registerKernel(addConfig); registerKernel(fusedConv2DConfig);
 registerBackend("webgpu",()=>new WebGPUBackend(null,null));
}
