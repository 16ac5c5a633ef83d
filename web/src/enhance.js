import { painted } from "./painted.js";
import { sayPlain, warn } from "./saying.js";

const MAX_PIXELS = 100_000_000;

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
  const stopping = new AbortController();
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
  await painted(img);
  if (signal.aborted) return;
  try {
    const { Picture } = await import("./picture.js");
    if (signal.aborted) return;
    const picture = new Picture(img, wishes);
    signal.addEventListener("abort", () => picture.stop());
  } catch (error) {
    warn(img.currentSrc, error.message);
    sayPlain(img, error.message);
  }
}
