import { painted } from "./first-paint.js";
import { sayPlain, warn } from "./events.js";

const MAX_PIXELS = 100_000_000;

const stoppings = new WeakMap(); // <img> to what ends its last `enhance`

/**
 * Restores the picture of an <img>, once it is near the window, and whatever picture it is
 * given later. The <img> has `data-comrec` of "restoring", "restored" or "plain", and gets the
 * events `comrec-restored` and `comrec-plain`.
 *
 * @param {HTMLImageElement} img
 * @param {object} [options]
 * @param {string} [options.networks] URL of networks.json; else beside this script
 * @param {"respect" | "ignore"} [options.dataSaver] what to do where visitors save data
 * @param {number} [options.maxPixels] larger pictures stay as they are
 * @param {"auto" | "wasm" | "webgpu"} [options.backend] what computes
 * @returns {() => void} stops it, and shows the plain JPEG again
 */
export function enhance(img, options = {}) {
  if (!(img instanceof HTMLImageElement)) {
    throw new TypeError(`enhance takes an <img>. Received: ${img}`);
  }
  const beside = new URL("./networks.json", import.meta.url);
  stoppings.get(img)?.abort();
  const stopping = new AbortController();
  stoppings.set(img, stopping);
  begin(img, stopping.signal, {
    networks: new URL(options.networks ?? beside, document.baseURI).href,
    maxPixels: options.maxPixels ?? MAX_PIXELS,
    backend: options.backend ?? "auto",
    ignoresDataSaver: options.dataSaver === "ignore",
  });
  return () => stopping.abort();
}

/** The JPEG comes first: until it is painted, nothing more is downloaded or begun. */
async function begin(img, signal, wishes) {
  const wasInPage = img.isConnected;
  const isOver = () => signal.aborted || (wasInPage && !img.isConnected);
  await painted(img);
  if (isOver()) return;
  if (savesData(wishes)) return stayPlain(img, signal, wishes, "the visitor saves data");
  try {
    const { Picture } = await import("./picture.js");
    if (isOver()) return;
    const picture = new Picture(img, wishes);
    signal.addEventListener("abort", () => picture.stop());
  } catch (error) {
    if (isOver()) return;
    warn(img.currentSrc, error.message);
    stayPlain(img, signal, wishes, error.message);
  }
}

/** The next picture that the <img> is given may have more luck. */
function stayPlain(img, signal, wishes, reason) {
  sayPlain(img, reason);
  img.addEventListener("load", () => begin(img, signal, wishes), { once: true, signal });
  signal.addEventListener("abort", () => delete img.dataset.comrec);
}

function savesData({ ignoresDataSaver }) {
  if (ignoresDataSaver) return false;
  const asks = matchMedia("(prefers-reduced-data: reduce)").matches;
  return asks || navigator.connection?.saveData === true;
}
