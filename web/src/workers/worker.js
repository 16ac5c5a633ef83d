// Answers the page's calls in a worker. Between calls a worker keeps only networks.

import { Refused } from "../errors.js";
import { checkCanvas, decode, decodeSmall } from "../format/browser-decoder.js";
import * as jpegs from "../format/jpeg.js";
import { readOrdinary } from "../format/ordinary.js";
import { readOrientation } from "../format/orientation.js";
import { checkPixels, matchPair, readSidecars } from "../format/pair.js";
import { encodePng } from "../format/png.js";
import { assembleBands } from "../networks/bands.js";
import { loadNetwork } from "../networks/network.js";
import { restoreTile } from "../networks/restore-tile.js";
import { takeChange } from "../networks/take-change.js";
import { planTiles } from "../networks/tiles.js";
import { turnSize, turnTiles } from "../networks/turn.js";
import { deriveSidecarUrl, fetchFile, readFile } from "./fetch.js";

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
  /** Reads a .jpg, from its URL or from the files that a person chose, and its sidecars. */
  async read({ url, file, sidecar, maxPixels, credentials }) {
    const maxBytes = computeMaxBytes(maxPixels);
    const read = await (file ? readFile(file, maxBytes) : fetchFile(url, { maxBytes, credentials }));
    if (!read) throw new Refused("it cannot be fetched");
    const readSidecar = async (limit) => {
      if (file) return sidecar && readFile(sidecar, limit);
      const sidecarUrl = deriveSidecarUrl(url);
      return sidecarUrl && fetchFile(sidecarUrl, { maxBytes: limit, credentials });
    };
    const sidecars = await readSidecars(read.bytes, readSidecar, maxPixels);
    return [{ jpeg: read.bytes.buffer, sidecars }, [read.bytes.buffer]];
  },

  /** Makes a small upright picture of a .jpg; `side` is the longer one, in pixels. */
  async preview({ file, side, maxPixels }) {
    const { bytes } = await readFile(file, computeMaxBytes(maxPixels));
    const segments = jpegs.splitSegments(bytes);
    const size = turnSize(jpegs.readSize(segments), readOrientation(segments));
    checkPixels(size.height, size.width, maxPixels);
    const bitmap = await decodeSmall(file, size, side);
    return [{ bitmap, ...size }, [bitmap]];
  },

  /** Matches a .jpg with its sidecar, decodes it and cuts the parts that tiles depend on. */
  async open({ jpeg, sidecars, presets, maxPixels, workers }) {
    const pair = matchPair(new Uint8Array(jpeg), sidecars, presets, maxPixels);
    const { preset, height, width, scale, compact, channels, alpha, icc, condition } = pair;
    if (preset.preset === "plain" && !alpha) return [null];
    const tiles = await cutTiles(pair, workers);
    const coded = { channels, size: [compact.height, compact.width], scale, condition };
    const pairData = { preset: preset.preset, height, width, compact, coded, alpha, icc };
    return withTiles({ ...pairData, orientation: 1, decision: null }, tiles);
  },

  /** Reads an ordinary JPEG, decodes it and cuts its parts, if the network brings it closer. */
  async openOrdinary({ jpeg, restoring, preset, maxPixels, workers }) {
    const found = readOrdinary(new Uint8Array(jpeg), restoring, maxPixels);
    const { height, width, channels, condition, icc, orientation, decision } = found;
    const { quality, sampling, lumaSteps } = found;
    const compact = { height, width };
    const coded = { channels, size: [height, width], scale: 1, condition, lumaSteps };
    const facts = { quality, sampling, expectedDb: decision.expectedDb };
    const data = {
      preset: preset.preset, ...compact, compact, coded, alpha: null, icc, orientation, decision,
      facts,
    };
    if (decision.expectedDb === 0) return withTiles(data, []);
    return withTiles(data, await cutTiles({ ...found, compact, scale: 1, preset }, workers));
  },

  /** Loads a network; returns the name of its backend. */
  async load({ key, bytes, preferred }) {
    if (!networks.has(key)) {
      networks.set(key, bytes ? await startNetwork(bytes, preferred) : ZERO_NETWORK);
    }
    return [networks.get(key).backend];
  },

  /** Restores a tile; returns its pixels and the name of the backend. */
  async restore({ key, tile, part, coded, decision }) {
    const network = networks.get(key);
    const restored = await restoreTile(tile, part, coded, network);
    const pixels = decision ? takeChange(restored, tile, part, coded, decision) : restored;
    return [{ pixels, backend: network.backend }, [pixels.buffer]];
  },

  /** Assembles tiles and the alpha channel, and encodes them as an upright PNG. */
  async encode({ coded, alpha: alphaFile, icc, tiles, orientation, ...size }) {
    const { height, width } = turnSize(size, orientation);
    let alpha = null;
    if (alphaFile) {
      const decoded = await decode(alphaFile, { height, width });
      alpha = decoded.cut([0, height, 0, width], 1);
      decoded.close();
    }
    const channels = coded.channels + (alpha ? 1 : 0);
    const upright = turnTiles(tiles, size, coded.channels, orientation);
    const bands = assembleBands(upright, width, coded.channels, alpha);
    return [await encodePng({ height, width, channels, icc }, bands)];
  },
};

function computeMaxBytes(maxPixels) {
  return BYTES_PER_PIXEL_MAX * maxPixels + SLACK_BYTES;
}

/** Decodes a picture, and cuts the parts that its tiles depend on. */
async function cutTiles(picture, workers) {
  const { coded, compact, scale, preset, channels } = picture;
  await (canvasCheck ??= checkCanvas());
  const decoded = await decode(coded, compact);
  const tiles = planTiles(picture, compact, scale, preset, workers).map((tile) => ({
    tile,
    part: decoded.cut(tile.cut, channels),
  }));
  decoded.close();
  return tiles;
}

function withTiles(data, tiles) {
  return [{ ...data, tiles }, tiles.map(({ part }) => part.buffer)];
}

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
