// Holds one picture that was dropped: its files, what became of it, and the words for that.

import { previewPicture, restorePicture } from "../workers/restore-picture.js";
import { nameRestored } from "./pairing.js";
import { explain, lacksSidecar } from "./words.js";

const PREVIEW_PX = 192;

/** @typedef {"waiting" | "restoring" | "restored" | "unchanged" | "failed"} State */

/** Sends "change" when its state, words or preview change. */
export class Dropped extends EventTarget {
  /** @type {State} */
  state = "waiting";
  words = "Waiting.";
  /** @type {ImageBitmap | null} */
  preview = null;
  /** @type {{height: number, width: number} | null} of the .jpg, once it is known */
  size = null;
  /** @type {Blob | null} */
  png = null;
  #controller = new AbortController();
  #previewing = null;

  /**
   * @param {File} file the .jpg, or one that cannot be restored
   * @param {File | null} sidecar
   */
  constructor(file, sidecar) {
    super();
    this.file = file;
    this.sidecar = sidecar;
  }

  get name() {
    return this.file.name;
  }

  get pngName() {
    return nameRestored(this.name);
  }

  /** Tells whether a sidecar that is dropped later may be its own. */
  get takesSidecar() {
    return !this.sidecar && (this.state === "waiting" || lacksSidecar(this.words));
  }

  /** Tells whether a person has removed the picture. */
  get isRemoved() {
    return this.#controller.signal.aborted;
  }

  /** Makes the preview, once. A file that has none is said to fail by `restore`. */
  loadPreview(maxPixels) {
    this.#previewing ??= this.#loadPreview(maxPixels);
    return this.#previewing;
  }

  async #loadPreview(maxPixels) {
    const limits = { side: PREVIEW_PX, maxPixels };
    const made = await previewPicture(this.file, limits, this.#controller.signal).catch(() => null);
    if (!made || this.isRemoved) return made?.bitmap.close();
    const { bitmap, ...size } = made;
    this.preview = bitmap;
    this.size = size;
    this.#tell();
  }

  /**
   * Restores the picture. Does not throw: `state` and `words` say what came of it.
   * @param {import("../workers/restore-picture.js").RestoreOptions &
   *   {presets: Object<number, string>}} options with the names of presets by their number
   */
  async restore(options) {
    const { signal } = this.#controller;
    const source = { file: this.file, sidecar: this.sidecar };
    const onProgress = (share) => {
      const percent = Math.floor(100 * share);
      if (!signal.aborted && percent < 100) this.#become("restoring", `Restoring: ${percent} %.`);
    };
    this.#become("restoring", "Restoring.");
    try {
      const result = await restorePicture(source, options, { onProgress, priority: () => 1 }, signal);
      if (!signal.aborted) this.#take(result);
    } catch (error) {
      if (!signal.aborted) this.fail(error?.message || String(error), options.presets);
    }
  }

  /**
   * Says why the picture is not restored.
   * @param {string} reason
   * @param {Object<number, string>} [presets] names of presets by their number
   */
  fail(reason, presets = {}) {
    this.#become("failed", explain(reason, this.name, presets));
  }

  /**
   * Gives a picture that takes one its sidecar, and lets it wait again.
   * @param {File} sidecar
   */
  complete(sidecar) {
    this.sidecar = sidecar;
    this.#become("waiting", "Waiting.");
  }

  /** Cancels what has not started, and frees the memory. */
  remove() {
    this.#controller.abort(new Error("removed"));
    this.preview?.close();
    this.preview = this.png = null;
  }

  #take(result) {
    const { png, preset, facts } = result ?? {};
    const kind = facts && `quality about ${facts.quality}, ${facts.sampling}`;
    if (!png) {
      const why = kind ? `${preset} brings no such JPEG closer (${kind})` : "a plain JPEG";
      return this.#become("unchanged", `Shown unchanged: ${why}.`);
    }
    this.png = png;
    const gain = facts && `JPEGs like it gain ${facts.expectedDb.toFixed(1)} dB on average`;
    const text = facts ? `an ordinary JPEG, ${kind}; ${gain}` : `a comrec pair`;
    this.#become("restored", `Restored by ${preset}: ${text}.`);
  }

  #become(state, words) {
    this.state = state;
    this.words = words;
    this.#tell();
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }
}
