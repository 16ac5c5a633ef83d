import { reportPlain, warn } from "./events.js";
import { waitForFirstPaint } from "./first-paint.js";

const MAX_PIXELS = 100_000_000;

/** @type {WeakMap<HTMLImageElement, AbortController>} of the latest `enhance` */
const controllers = new WeakMap();

/**
 * Restores the picture of an <img> once the <img> is near the window, and every picture that
 * replaces it. `data-comrec` of the <img> becomes "restoring", "restored" or "plain"; the
 * events are `comrec-restored` and `comrec-plain`.
 *
 * @param {HTMLImageElement} img
 * @param {object} [options]
 * @param {string} [options.networks] URL of networks.json; default: beside this script
 * @param {"respect" | "ignore"} [options.dataSaver] whether visitors who save data keep the
 *   JPEG; default: respect
 * @param {number} [options.maxPixels] larger pictures are not restored; default: 100 million
 * @param {"auto" | "wasm" | "webgpu"} [options.backend] backend of the
 *   networks; default: auto
 * @returns {() => void} stops, and shows the plain JPEG again
 */
export function enhance(img, options = {}) {
  if (!(img instanceof HTMLImageElement)) {
    throw new TypeError(`enhance takes an <img>. Received: ${img}`);
  }
  const defaultIndex = new URL("./networks.json", import.meta.url);
  controllers.get(img)?.abort();
  const controller = new AbortController();
  controllers.set(img, controller);
  startAfterPaint(img, controller.signal, {
    networks: new URL(options.networks ?? defaultIndex, document.baseURI).href,
    maxPixels: options.maxPixels ?? MAX_PIXELS,
    backend: options.backend ?? "auto",
    ignoresDataSaver: options.dataSaver === "ignore",
  });
  return () => controller.abort();
}

/** Starts to restore. Waits for the first paint, so that no download delays the JPEG. */
async function startAfterPaint(img, signal, options) {
  const wasInPage = img.isConnected;
  const isStopped = () => signal.aborted || (wasInPage && !img.isConnected);
  await waitForFirstPaint(img);
  if (isStopped()) return;
  if (isSavingData(options)) return stayPlain(img, signal, options, "the visitor saves data");
  try {
    const { Picture } = await import("./picture.js");
    if (isStopped()) return;
    const picture = new Picture(img, options);
    signal.addEventListener("abort", () => picture.stop());
  } catch (error) {
    if (isStopped()) return;
    warn(img.currentSrc, error.message);
    stayPlain(img, signal, options, error.message);
  }
}

/** Keeps the JPEG, and tries again when the <img> loads another picture. */
function stayPlain(img, signal, options, reason) {
  reportPlain(img, reason);
  const retry = () => startAfterPaint(img, signal, options);
  img.addEventListener("load", retry, { once: true, signal });
  signal.addEventListener("abort", () => delete img.dataset.comrec);
}

function isSavingData({ ignoresDataSaver }) {
  if (ignoresDataSaver) return false;
  const prefersLess = matchMedia("(prefers-reduced-data: reduce)").matches;
  return prefersLess || navigator.connection?.saveData === true;
}
