// Decides when the picture of one <img> is restored, and shows the result.

import { restorePicture } from "../workers/restore-picture.js";
import { dispatch, reportPlain, warn } from "./events.js";
import { Swap } from "./swap.js";
import { unwatch, watch } from "./visibility.js";

const IN_VIEW = 0, NEAR = 1, AWAY = 2; // priorities: lower is restored sooner

/** Follows one <img> and restores each picture that it loads. */
export class Picture {
  #options;
  #isNear = false;
  #isInView = false;
  #attempt = null; // {url, controller} of the picture that the <img> loaded last
  #swap = null;
  #reservedSize = null; // [width, height] attributes that this object has set
  #changes = new MutationObserver(() => this.#restart());
  #onLoad = () => this.#startIfReady();

  /**
   * Starts to follow an <img>.
   * @param {HTMLImageElement} img
   * @param {Omit<import("../workers/restore-picture.js").RestoreOptions, "credentials">} options
   */
  constructor(img, options) {
    this.img = img;
    this.#options = options;
    img.addEventListener("load", this.#onLoad);
    this.#observeChanges();
    watch(this);
  }

  /** Shows the plain JPEG again, and stops following the <img>. */
  stop() {
    unwatch(this);
    this.#changes.disconnect();
    this.img.removeEventListener("load", this.#onLoad);
    this.#reset();
    this.#changes.disconnect();
  }

  /** Notes whether the <img> is near the window; see visibility.js. */
  onNear(isNear) {
    this.#isNear = isNear;
    this.#startIfReady();
  }

  /** Notes whether the <img> is in view; see visibility.js. */
  onInView(isInView) {
    this.#isInView = isInView;
  }

  /** Stops once the <img> is removed from the page; see visibility.js. */
  onRemoved() {
    this.stop();
  }

  /** Starts an attempt if the <img> is loaded and near, and has no attempt yet. */
  #startIfReady() {
    const { img } = this;
    if (!img.complete || !img.naturalWidth || this.#swap) return;
    // The window has changed, and the <img> has loaded another file of its srcset.
    if (this.#attempt && this.#attempt.url !== img.currentSrc) this.#reset();
    if (!this.#isNear || this.#attempt) return;
    this.#attempt = { url: img.currentSrc, controller: new AbortController() };
    this.#restore(this.#attempt);
  }

  async #restore({ url, controller: { signal } }) {
    const start = performance.now();
    try {
      this.img.dataset.comrec = "restoring";
      const credentials = this.img.crossOrigin === "use-credentials" ? "include" : "same-origin";
      const options = { ...this.#options, credentials };
      let density = 1;
      const onSize = (size) => {
        if (!signal.aborted) density = this.#reserveSize(size);
      };
      const watcher = { onSize, priority: () => this.#getPriority() };
      const result = await restorePicture({ url }, options, watcher, signal);
      if (signal.aborted) return;
      if (!result) return this.#stayPlain("a plain JPEG");
      const { png, facts, ...detail } = result;
      await this.#show(png, density, signal);
      if (signal.aborted) return;
      this.img.dataset.comrec = "restored";
      dispatch(this.img, "comrec-restored", { ...detail, ms: performance.now() - start });
    } catch (error) {
      if (signal.aborted) return;
      const reason = error?.message || String(error);
      warn(url, reason);
      this.#stayPlain(reason);
    }
  }

  async #show(png, density, signal) {
    const swap = new Swap(this.img, png);
    try {
      await swap.prepare();
    } catch (error) {
      swap.undo();
      throw error;
    }
    // A change by the page that is not yet reported comes first.
    if (this.#changes.takeRecords().length) this.#restart();
    if (signal.aborted) return swap.undo();
    this.#swap = swap;
    this.#changeUnobserved(() => swap.show(density));
    await this.img.decode();
  }

  /**
   * Reserves the layout size of the restored picture, unless the author has set one; returns
   * picture pixels per CSS pixel.
   */
  #reserveSize({ height, width, compact }) {
    const { img } = this;
    const shown = Math.max(img.naturalWidth, img.naturalHeight);
    const density = Math.max(compact.height, compact.width) / shown;
    if (!img.hasAttribute("width") && !img.hasAttribute("height")) {
      this.#reservedSize = [width, height].map((side) => String(Math.round(side / density)));
      [img.width, img.height] = this.#reservedSize;
    }
    return density;
  }

  #stayPlain(reason) {
    this.#unswap();
    reportPlain(this.img, reason);
  }

  #restart() {
    this.#reset();
    this.#startIfReady();
  }

  /** Cancels the attempt, and undoes all changes to the <img>. */
  #reset() {
    this.#attempt?.controller.abort();
    this.#attempt = null;
    this.#unswap();
    const { img } = this;
    const size = [img.getAttribute("width"), img.getAttribute("height")];
    if (this.#reservedSize?.every((side, i) => side === size[i])) {
      img.removeAttribute("width");
      img.removeAttribute("height");
    }
    this.#reservedSize = null;
    delete img.dataset.comrec;
  }

  #unswap() {
    if (!this.#swap) return;
    this.#changeUnobserved(() => this.#swap.undo());
    this.#swap = null;
  }

  /** Makes a change that is not to be mistaken for the page's. */
  #changeUnobserved(change) {
    this.#changes.disconnect();
    change();
    this.#observeChanges();
  }

  #observeChanges() {
    const attributeFilter = ["src", "srcset", "sizes", "media", "type"];
    this.#changes.observe(this.img, { attributeFilter });
    const picture = this.img.closest("picture");
    if (picture) {
      this.#changes.observe(picture, { attributeFilter, childList: true, subtree: true });
    }
  }

  #getPriority() {
    if (this.#isInView) return IN_VIEW;
    return this.#isNear ? NEAR : AWAY;
  }
}
