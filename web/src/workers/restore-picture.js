// Restores one picture, from its URL or file to a PNG. Workers compute; the page passes data on.

import { fetchNetworks } from "./networks.js";
import { Pool } from "./pool.js";
import { Queue } from "./queue.js";

const PICTURES_AT_ONCE = 2; // one is decoded or encoded while the network runs on the other

const pool = new Pool(new URL("./comrec-worker.js", import.meta.url));
const slots = new Queue();
for (let i = 0; i < PICTURES_AT_ONCE; i++) slots.give(i);

/**
 * @typedef {{url: string} | {file: Blob, sidecar: Blob | null}} Source of the .jpg
 *
 * @typedef {object} RestoreOptions
 * @property {string} networks URL of networks.json
 * @property {number} maxPixels of a picture
 * @property {"auto" | "wasm" | "webgpu"} backend the preferred one
 * @property {RequestCredentials} credentials for the .jpg and its sidecar
 * @property {import("../format/ordinary.js").Restoring} [restoring] how ordinary JPEGs are
 *   restored; without it they are not
 *
 * @typedef {{height: number, width: number, compact: {height: number, width: number}}} Size
 *   of the picture and of the compact image, in pixels
 *
 * @typedef {object} Watcher
 * @property {() => number} priority lower is restored sooner
 * @property {(size: Size) => void} [onSize] called once the size is known, before the network
 *   runs
 * @property {(share: number) => void} [onProgress] called with the share of restored tiles
 *
 * @typedef {{quality: number, sampling: string, expectedDb: number}} Facts of an ordinary JPEG:
 *   quality and sampling as in ordinary.js, and the mean gain of pictures like it, in dB
 */

/**
 * Restores a picture.
 * @param {Source} source
 * @param {RestoreOptions} options
 * @param {Watcher} watcher
 * @param {AbortSignal} signal cancels what has not started
 * @returns {Promise<{png: Blob | null, height: number, width: number, preset: string,
 *   backend: string | null, facts?: Facts} | null>} null for a plain JPEG; `png` is null for an
 *   ordinary JPEG that the network does not bring closer
 * @throws {Error} if the picture cannot be restored; the message says why
 */
export async function restorePicture(source, options, watcher, signal) {
  const slot = await slots.take(watcher.priority, signal);
  const controller = new AbortController();
  const abort = () => controller.abort(signal.reason);
  signal.addEventListener("abort", abort);
  const run = (task) => pool.run(task, watcher.priority, controller.signal);
  try {
    return await runStages(source, options, watcher, run);
  } finally {
    signal.removeEventListener("abort", abort);
    controller.abort(); // after a failure, cancels the tiles that still wait
    slots.give(slot);
  }
}

/**
 * Makes a small upright picture of a .jpg.
 * @param {Blob} file
 * @param {{side: number, maxPixels: number}} limits the longer side that the result has at
 *   most, and pixels of the .jpg
 * @param {AbortSignal} signal cancels what has not started
 * @returns {Promise<{bitmap: ImageBitmap, height: number, width: number}>} size of the .jpg
 * @throws {Error} if the file is no JPEG, damaged or too large
 */
export function previewPicture(file, limits, signal) {
  return pool.run((worker) => worker.call("preview", { file, ...limits }), () => 0, signal);
}

/** Reads a picture, opens it, restores its tiles and encodes it; `run` runs a task. */
async function runStages(source, options, watcher, run) {
  const { maxPixels, backend: preferred, credentials } = options;
  const toRead = { ...source, maxPixels, credentials };
  const read = await run((worker) => worker.call("read", toRead));
  const opened = await openPicture(read, options, run);
  if (!opened) return null;
  const { network, picture } = opened;
  const { height, width, preset, facts } = picture;
  if (!picture.tiles.length) return { png: null, height, width, preset, backend: null, facts };
  watcher.onSize?.(picture);
  const backend = await run((worker) => ensureLoaded(worker, network, preferred));
  let done = 0;
  const restoreTile = async (worker, { tile, part }) => {
    await ensureLoaded(worker, network, preferred);
    const { coded, decision } = picture;
    const toRestore = { key: makeKey(network, preferred), tile, part, coded, decision };
    const { pixels, backend: used } = await worker.call("restore", toRestore, [part.buffer]);
    if (used !== backend) pool.setBackend(used); // the graphics card was lost
    watcher.onProgress?.(++done / picture.tiles.length);
    return { window: tile.window, pixels };
  };
  const tiles = await Promise.all(
    picture.tiles.map((tile) => run((worker) => restoreTile(worker, tile))),
  );
  const png = await run((worker) =>
    worker.call("encode", { ...picture, tiles }, tiles.map(({ pixels }) => pixels.buffer)),
  );
  return { png, height, width, preset, backend, facts };
}

/**
 * Opens a pair, or an ordinary JPEG where they are restored; returns the picture and its
 * network, or null for a JPEG that stays.
 */
async function openPicture({ jpeg, sidecars }, options, run) {
  const { networks: index, maxPixels, restoring } = options;
  if (!sidecars.length && !restoring) return null;
  const wanted = sidecars.length ? sidecars : [{ preset: restoring.preset }];
  const networks = await fetchNetworks(index, wanted);
  const presets = networks.map(({ header: { arrays, ...preset } }) => preset);
  const name = sidecars.length ? "open" : "openOrdinary";
  const parts = sidecars.length ? { sidecars, presets } : { restoring, preset: presets[0] };
  const toOpen = { jpeg, ...parts, maxPixels, workers: pool.maxWorkers };
  const picture = await run((worker) => worker.call(name, toOpen, [jpeg]));
  const network = networks.find(({ header }) => header.preset === picture?.preset);
  return picture && { network, picture };
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
