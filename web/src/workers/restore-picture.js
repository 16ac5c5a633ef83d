// The flow of one picture, from its URL to a PNG. Workers do it; the page hands on.

import { networksFor } from "./networks.js";
import { Pool } from "./pool.js";
import { Queue } from "./queue.js";

const PICTURES_AT_ONCE = 2; // one is decoded or written while the other is computed

const pool = new Pool(new URL("./comrec-worker.js", import.meta.url));
const places = new Queue();
for (let i = 0; i < PICTURES_AT_ONCE; i++) places.give(i);

/**
 * @typedef {object} Wishes
 * @property {string} networks URL of networks.json
 * @property {number} maxPixels of a picture
 * @property {"auto" | "wasm" | "webgpu"} backend
 * @property {RequestCredentials} credentials
 *
 * @typedef {{height: number, width: number, compact: {height: number, width: number}}} Size
 *   in pixels
 */

/**
 * Restores a picture.
 * @param {string} url of the .jpg
 * @param {Wishes} wishes
 * @param {(size: Size) => void} onSize told as soon as it is known
 * @param {() => number} priority the lower the sooner
 * @param {AbortSignal} signal
 * @returns {Promise<{png: Blob, height: number, width: number, preset: string,
 *   backend: string} | null>} null for a plain JPEG
 */
export async function restored(url, wishes, onSize, priority, signal) {
  const place = await places.take(priority, signal);
  const here = new AbortController();
  const drop = () => here.abort(signal.reason);
  signal.addEventListener("abort", drop);
  const run = (task) => pool.run(task, priority, here.signal);
  try {
    return await flow(url, wishes, onSize, run);
  } finally {
    signal.removeEventListener("abort", drop);
    here.abort(); // after a failure, the tiles that still wait
    places.give(place);
  }
}

async function flow(url, { networks: index, maxPixels, backend: wish, credentials }, onSize, run) {
  const read = { url, maxPixels, credentials };
  const { jpeg, sidecars } = await run((worker) => worker.call("read", read));
  if (!sidecars.length) return null;
  const networks = await networksFor(index, sidecars);
  const presets = networks.map(({ header: { arrays, ...preset } }) => preset);
  const open = { jpeg, sidecars, presets, maxPixels, workers: pool.most };
  const pair = await run((worker) => worker.call("open", open, [jpeg]));
  if (!pair) return null;
  onSize(pair);
  const network = networks.find(({ header }) => header.preset === pair.preset);
  const backend = await run((worker) => loaded(worker, network, wish));
  const restore = async (worker, { tile, part }) => {
    await loaded(worker, network, wish);
    const given = { key: keyOf(network, wish), tile, part, coded: pair.coded };
    const { pixels, backend: now } = await worker.call("tile", given, [part.buffer]);
    if (now !== backend) pool.suit(now); // a graphics card that was lost
    return { window: tile.window, pixels };
  };
  const tiles = await Promise.all(
    pair.tiles.map((tile) => run((worker) => restore(worker, tile))),
  );
  const { height, width, preset } = pair;
  const png = await run((worker) =>
    worker.call("write", { ...pair, tiles }, tiles.map(({ pixels }) => pixels.buffer)),
  );
  return { png, height, width, preset, backend };
}

/** Has a worker load a network, once; returns what it runs on. */
async function loaded(worker, network, wish) {
  const key = keyOf(network, wish);
  if (!worker.known.has(key)) {
    const backend = await worker.call("load", { key, bytes: network.bytes, wish });
    worker.known.set(key, backend);
    pool.suit(backend);
  }
  return worker.known.get(key);
}

function keyOf(network, wish) {
  return `${wish} ${network.url}`;
}
