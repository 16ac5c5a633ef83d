// One <img>: when it is restored, and what becomes of it.

import { restorePicture } from "../workers/restore-picture.js";
import { sayPlain, tell, warn } from "./events.js";
import { Swap } from "./swap.js";
import { unwatch, watch } from "./visibility.js";

const IN_VIEW = 0, NEAR = 1, AWAY = 2; // the lower the sooner

export class Picture {
  #wishes;
  #isNear = false;
  #isInView = false;
  #attempt = null; // {url, controller} of what the <img> loaded last
  #swap = null;
  #sized = null; // [width, height] that are not the author's own
  #changes = new MutationObserver(() => this.#changed());
  #loaded = () => this.#consider();

  /**
   * @param {HTMLImageElement} img
   * @param {Omit<import("../workers/restore-picture.js").RestoreOptions, "credentials">} wishes
   */
  constructor(img, wishes) {
    this.img = img;
    this.#wishes = wishes;
    img.addEventListener("load", this.#loaded);
    this.#listen();
    watch(this);
  }

  /** Shows the plain JPEG again, and leaves it alone from now on. */
  stop() {
    unwatch(this);
    this.#changes.disconnect();
    this.img.removeEventListener("load", this.#loaded);
    this.#reset();
    this.#changes.disconnect();
  }

  nears(isNear) {
    this.#isNear = isNear;
    this.#consider();
  }

  shows(isInView) {
    this.#isInView = isInView;
  }

  leaves() {
    this.stop();
  }

  /** Begins, where there is something to begin with. */
  #consider() {
    const { img } = this;
    if (!img.complete || !img.naturalWidth || this.#swap) return;
    // Another one of its srcset, for the window has changed.
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
      const wishes = { ...this.#wishes, credentials };
      let density = 1;
      const onSize = (size) => {
        if (!signal.aborted) density = this.#size(size);
      };
      const result = await restorePicture(url, wishes, onSize, () => this.#priority(), signal);
      if (signal.aborted) return;
      if (!result) return this.#stayPlain("a plain JPEG");
      const { png, ...detail } = result;
      await this.#show(png, density, signal);
      if (signal.aborted) return;
      this.img.dataset.comrec = "restored";
      tell(this.img, "comrec-restored", { ...detail, ms: performance.now() - start });
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
    // What the author did this very moment comes first.
    if (this.#changes.takeRecords().length) this.#changed();
    if (signal.aborted) return swap.undo();
    this.#swap = swap;
    this.#quietly(() => swap.show(density));
    await this.img.decode();
  }

  /** Keeps the room of the whole picture; returns how many pixels go to one of the page. */
  #size({ height, width, compact }) {
    const { img } = this;
    const shown = Math.max(img.naturalWidth, img.naturalHeight);
    const density = Math.max(compact.height, compact.width) / shown;
    if (!img.hasAttribute("width") && !img.hasAttribute("height")) {
      this.#sized = [width, height].map((side) => String(Math.round(side / density)));
      [img.width, img.height] = this.#sized;
    }
    return density;
  }

  #stayPlain(reason) {
    this.#unswap();
    sayPlain(this.img, reason);
  }

  #changed() {
    this.#reset();
    this.#consider();
  }

  /** Drops what was made or is being made of the picture that was there. */
  #reset() {
    this.#attempt?.controller.abort();
    this.#attempt = null;
    this.#unswap();
    const { img } = this;
    const now = [img.getAttribute("width"), img.getAttribute("height")];
    if (this.#sized?.every((side, i) => side === now[i])) {
      img.removeAttribute("width");
      img.removeAttribute("height");
    }
    this.#sized = null;
    delete img.dataset.comrec;
  }

  #unswap() {
    if (!this.#swap) return;
    this.#quietly(() => this.#swap.undo());
    this.#swap = null;
  }

  /** Changes of our own are not to be taken for the author's. */
  #quietly(change) {
    this.#changes.disconnect();
    change();
    this.#listen();
  }

  #listen() {
    const attributeFilter = ["src", "srcset", "sizes", "media", "type"];
    this.#changes.observe(this.img, { attributeFilter });
    const picture = this.img.closest("picture");
    if (picture) {
      this.#changes.observe(picture, { attributeFilter, childList: true, subtree: true });
    }
  }

  #priority() {
    if (this.#isInView) return IN_VIEW;
    return this.#isNear ? NEAR : AWAY;
  }
}
