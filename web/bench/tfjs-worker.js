/** One worker of the pool: the network on tfjs. */

import { loadNetwork } from "../src/networks/network.js";
import { serve } from "./serve.js";

serve(async ({ network, backend, wasm }) => {
  const bytes = await (await fetch(network)).arrayBuffer();
  const loaded = await loadNetwork(bytes, backend, new URL(wasm, self.location));
  return {
    run: (tile, height, width, condition) => loaded.computeResidual(tile, height, width, condition),
    about: () => ({ backend: loaded.backend, fallbackReason: loaded.fallbackReason }),
  };
});
