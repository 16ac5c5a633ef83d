// Restores one picture, from its URL to a PNG. Workers compute; the page passes data on.

import { fetchNetworks } from "./networks.js";
import { Pool } from "./pool.js";
import { Queue } from "./queue.js";

const PICTURES_AT_ONCE = 2; // one is decoded or encoded while the network runs on the other

const pool = new Pool(new URL("./comrec-worker.js", import.meta.url));
const slots = new Queue();
for (let i = 0; i < PICTURES_AT_ONCE; i++) slots.give(i);

/**
 * @typedef {object} RestoreOptions
 * @property {string} networks URL of networks.json
 * @property {number} maxPixels of a picture
 * @property {"auto" | "wasm" | "webgpu"} backend the preferred one
 * @property {RequestCredentials} credentials for the .jpg and its sidecar
 *
 * @typedef {{height: number, width: number, compact: {height: number, width: number}}} Size
 *   of the picture and of the compact image, in pixels
 */

/**
 * Restores a picture.
 * @param {string} url of the .jpg
 * @param {RestoreOptions} options
 * @param {(size: Size) => void} onSize called once the size is known, before the network runs
 * @param {() => number} priority lower is restored sooner
 * @param {AbortSignal} signal cancels what has not started
 * @returns {Promise<{png: Blob, height: number, width: number, preset: string,
 *   backend: string} | null>} null for a plain JPEG
 * @throws {Error} if the picture cannot be restored; the message says why
 */
export async function restorePicture(url, options, onSize, priority, signal) {
  const slot = await slots.take(priority, signal);
  const controller = new AbortController();
  const abort = () => controller.abort(signal.reason);
  signal.addEventListener("abort", abort);
  const run = (task) => pool.run(task, priority, controller.signal);
  try {
    return await runStages(url, options, onSize, run);
  } finally {
    signal.removeEventListener("abort", abort);
    controller.abort(); // after a failure, cancels the tiles that still wait
    slots.give(slot);
  }
}

/** Reads a pair, opens it, restores its tiles and encodes the picture; `run` runs a task. */
async function runStages(url, options, onSize, run) {
  const { networks: index, maxPixels, backend: preferred, credentials } = options;
  const toRead = { url, maxPixels, credentials };
  const { jpeg, sidecars } = await run((worker) => worker.call("read", toRead));
  if (!sidecars.length) return null;
  const networks = await fetchNetworks(index, sidecars);
  const presets = networks.map(({ header: { arrays, ...preset } }) => preset);
  const toOpen = { jpeg, sidecars, presets, maxPixels, workers: pool.maxWorkers };
  const pair = await run((worker) => worker.call("open", toOpen, [jpeg]));
  if (!pair) return null;
  onSize(pair);
  const network = networks.find(({ header }) => header.preset === pair.preset);
  const backend = await run((worker) => ensureLoaded(worker, network, preferred));
  const restoreTile = async (worker, { tile, part }) => {
    await ensureLoaded(worker, network, preferred);
    const toRestore = { key: makeKey(network, preferred), tile, part, coded: pair.coded };
    const { pixels, backend: used } = await worker.call("restore", toRestore, [part.buffer]);
    if (used !== backend) pool.setBackend(used); // the graphics card was lost
    return { window: tile.window, pixels };
  };
  const tiles = await Promise.all(
    pair.tiles.map((tile) => run((worker) => restoreTile(worker, tile))),
  );
  const { height, width, preset } = pair;
  const png = await run((worker) =>
    worker.call("encode", { ...pair, tiles }, tiles.map(({ pixels }) => pixels.buffer)),
  );
  return { png, height, width, preset, backend };
}

/** Makes a worker load a network unless it has; returns the backend that runs the network. */
async function ensureLoaded(worker, network, preferred) {
  const key = makeKey(network, preferred);
  if (!worker.backends.has(key)) {
    const backend = await worker.call("load", { key, bytes: network.bytes, preferred });
    worker.backends.set(key, backend);
    pool.setBackend(backend);
  }
  return worker.backends.get(key);
}

function makeKey(network, preferred) {
  return `${preferred} ${network.url}`;
}
