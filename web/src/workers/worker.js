// What workers do, each call on what it is given: nothing is kept but networks.

import { assembleBands } from "../networks/bands.js";
import { fetched, sidecarUrl } from "./fetch.js";
import { loadNetwork } from "../networks/network.js";
import { matchPair, readSidecars } from "../format/pair.js";
import { checkCanvas, decode } from "../format/browser-decoder.js";
import { encodePng } from "../format/png.js";
import { restoreTile } from "../networks/restore-tile.js";
import { Refused } from "../errors.js";
import { planTiles } from "../networks/tiles.js";

const WASM_URL = new URL("./tfjs-backend-wasm-simd.wasm", import.meta.url).href;
const BYTES_PER_PIXEL = 2; // of a .jpg at most, and as many more for its metadata
const SLACK_BYTES = 2 ** 24;
const NOTHING = {
  backend: "none",
  computeResidual: async (image) => new Float32Array(image.length),
};

const networks = new Map();
let canvasCheck = null;

const functions = {
  /** Fetches a .jpg, and its sidecar where that is a file. */
  async read({ url, maxPixels, credentials }) {
    const maxBytes = BYTES_PER_PIXEL * maxPixels + SLACK_BYTES;
    const file = await fetched(url, { maxBytes, credentials });
    if (!file) throw new Refused("it cannot be fetched");
    const where = sidecarUrl(url);
    const beside = async (most) => where && fetched(where, { maxBytes: most, credentials });
    const sidecars = await readSidecars(file.bytes, beside, maxPixels);
    return [{ jpeg: file.bytes.buffer, sidecars }, [file.bytes.buffer]];
  },

  /** Decodes a .jpg that belongs to a sidecar, and cuts it into what tiles are made of. */
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
    const given = { preset: preset.preset, height, width, compact, coded, alpha, icc };
    return [{ ...given, tiles: parts }, parts.map(({ part }) => part.buffer)];
  },

  /** Loads a network, and says what computes it. */
  async load({ key, bytes, wish }) {
    if (!networks.has(key)) networks.set(key, bytes ? await start(bytes, wish) : NOTHING);
    return [networks.get(key).backend];
  },

  async tile({ key, tile, part, coded }) {
    const network = networks.get(key);
    const pixels = await restoreTile(tile, part, coded, network);
    return [{ pixels, backend: network.backend }, [pixels.buffer]];
  },

  /** Puts tiles together. */
  async write({ height, width, coded, alpha, icc, tiles: parts }) {
    let clear = null;
    if (alpha) {
      const decoded = await decode(alpha, { height, width });
      clear = decoded.cut([0, height, 0, width], 1);
      decoded.close();
    }
    const channels = coded.channels + (clear ? 1 : 0);
    const rows = assembleBands(parts, width, coded.channels, clear);
    return [await encodePng({ height, width, channels, icc }, rows)];
  },
};

async function start(bytes, wish) {
  const backend = wish === "auto" ? await best() : wish;
  return loadNetwork(bytes, backend, WASM_URL);
}

/** WebGPU where a graphics card is behind it. */
async function best() {
  const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
  const isSoftware = adapter?.info?.isFallbackAdapter ?? adapter?.isFallbackAdapter;
  return adapter && !isSoftware ? "webgpu" : "wasm";
}

onmessage = async ({ data: { id, name, given } }) => {
  try {
    const [value, moved = []] = await functions[name](given);
    postMessage({ id, value }, moved);
  } catch (error) {
    postMessage({ id, reason: error?.message || String(error) });
  }
};
