// Answers the page's calls in a worker. Between calls a worker keeps only networks.

import { Refused } from "../errors.js";
import { checkCanvas, decode } from "../format/browser-decoder.js";
import { matchPair, readSidecars } from "../format/pair.js";
import { encodePng } from "../format/png.js";
import { assembleBands } from "../networks/bands.js";
import { loadNetwork } from "../networks/network.js";
import { restoreTile } from "../networks/restore-tile.js";
import { planTiles } from "../networks/tiles.js";
import { deriveSidecarUrl, fetchFile } from "./fetch.js";

const WASM_URL = new URL("./tfjs-backend-wasm-simd.wasm", import.meta.url).href;
const BYTES_PER_PIXEL_MAX = 2; // of coded data
const SLACK_BYTES = 2 ** 24; // for metadata
// Stands in for the network of the preset that has none.
const ZERO_NETWORK = {
  backend: "none",
  computeResidual: async (image) => new Float32Array(image.length),
};

const networks = new Map(); // by key
let canvasCheck = null;

// Each returns its result and, where there are any, the buffers to transfer with it.
const functions = {
  /** Fetches a .jpg, and reads its sidecars. */
  async read({ url, maxPixels, credentials }) {
    const maxBytes = BYTES_PER_PIXEL_MAX * maxPixels + SLACK_BYTES;
    const file = await fetchFile(url, { maxBytes, credentials });
    if (!file) throw new Refused("it cannot be fetched");
    const sidecarUrl = deriveSidecarUrl(url);
    const fetchSidecar = async (limit) =>
      sidecarUrl && fetchFile(sidecarUrl, { maxBytes: limit, credentials });
    const sidecars = await readSidecars(file.bytes, fetchSidecar, maxPixels);
    return [{ jpeg: file.bytes.buffer, sidecars }, [file.bytes.buffer]];
  },

  /** Matches a .jpg with its sidecar, decodes it and cuts the parts that tiles depend on. */
  async open({ jpeg, sidecars, presets, maxPixels, workers }) {
    const pair = matchPair(new Uint8Array(jpeg), sidecars, presets, maxPixels);
    const { preset, height, width, scale, compact, channels, alpha, icc, condition } = pair;
    if (preset.preset === "plain" && !alpha) return [null];
    await (canvasCheck ??= checkCanvas());
    const decoded = await decode(pair.coded, compact);
    const parts = planTiles(pair, compact, scale, preset, workers).map((tile) => ({
      tile,
      part: decoded.cut(tile.cut, channels),
    }));
    decoded.close();
    const coded = { channels, size: [compact.height, compact.width], scale, condition };
    const pairData = { preset: preset.preset, height, width, compact, coded, alpha, icc };
    return [{ ...pairData, tiles: parts }, parts.map(({ part }) => part.buffer)];
  },

  /** Loads a network; returns the name of its backend. */
  async load({ key, bytes, preferred }) {
    if (!networks.has(key)) {
      networks.set(key, bytes ? await startNetwork(bytes, preferred) : ZERO_NETWORK);
    }
    return [networks.get(key).backend];
  },

  /** Restores a tile; returns its pixels and the name of the backend. */
  async restore({ key, tile, part, coded }) {
    const network = networks.get(key);
    const pixels = await restoreTile(tile, part, coded, network);
    return [{ pixels, backend: network.backend }, [pixels.buffer]];
  },

  /** Assembles tiles and the alpha channel, and encodes them as a PNG. */
  async encode({ height, width, coded, alpha: alphaFile, icc, tiles }) {
    let alpha = null;
    if (alphaFile) {
      const decoded = await decode(alphaFile, { height, width });
      alpha = decoded.cut([0, height, 0, width], 1);
      decoded.close();
    }
    const channels = coded.channels + (alpha ? 1 : 0);
    const bands = assembleBands(tiles, width, coded.channels, alpha);
    return [await encodePng({ height, width, channels, icc }, bands)];
  },
};

async function startNetwork(bytes, preferred) {
  const backend = preferred === "auto" ? await chooseBackend() : preferred;
  return loadNetwork(bytes, backend, WASM_URL);
}

/** Chooses WebGPU if a graphics card runs it, else WASM. */
async function chooseBackend() {
  const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
  const isSoftware = adapter?.info?.isFallbackAdapter ?? adapter?.isFallbackAdapter;
  return adapter && !isSoftware ? "webgpu" : "wasm";
}

onmessage = async ({ data: { id, name, options } }) => {
  try {
    const [value, transferred = []] = await functions[name](options);
    postMessage({ id, value }, transferred);
  } catch (error) {
    postMessage({ id, reason: error?.message || String(error) });
  }
};
