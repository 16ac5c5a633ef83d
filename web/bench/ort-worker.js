/** One worker of the pool: the network's ONNX file on onnxruntime-web. */

import * as ort from "onnxruntime-web/wasm";
import { serve } from "./serve.js";

serve(async ({ onnx }) => {
  ort.env.wasm.wasmPaths = new URL("./", self.location).href;
  ort.env.wasm.numThreads = Number(new URL(self.location).searchParams.get("threads"));
  const session = await ort.InferenceSession.create(onnx, { executionProviders: ["wasm"] });
  const [picture, told] = session.inputNames;
  return {
    async run(tile, height, width, condition) {
      const inputs = {
        [picture]: new ort.Tensor("float32", tile, [1, height, width, 3]),
        [told]: new ort.Tensor("float32", condition, [1, 5]),
      };
      const outputs = await session.run(inputs);
      return outputs[session.outputNames[0]].data;
    },
    about: () => ({ backend: "ort" }),
  };
});
