/** A restored picture in the place of a plain one, as long as it is wanted. */
export class Swap {
  #img;
  #url;
  #undo = [];

  /**
   * @param {HTMLImageElement} img
   * @param {Blob} png
   */
  constructor(img, png) {
    this.#img = img;
    this.#url = URL.createObjectURL(png);
  }

  /** Decodes it out of sight, so that showing it takes no time. */
  async prepare() {
    const unseen = new Image();
    unseen.src = this.#url;
    await unseen.decode();
  }

  /**
   * Shows it. `src` stays the author's, for it is what a page's own scripts look at.
   * @param {number} density pixels of the picture to one of the page
   */
  show(density) {
    this.#set(this.#img, "srcset", density === 1 ? this.#url : `${this.#url} ${density}x`);
    for (const source of this.#img.closest("picture")?.querySelectorAll("source") ?? []) {
      this.#set(source, "media", "not all");
    }
  }

  /** Puts back what was there, where nobody else has changed it, and frees the picture. */
  undo() {
    for (const undo of this.#undo) undo();
    this.#undo = [];
    URL.revokeObjectURL(this.#url);
  }

  #set(element, name, value) {
    const before = element.getAttribute(name);
    element.setAttribute(name, value);
    this.#undo.push(() => {
      if (element.getAttribute(name) !== value) return;
      if (before === null) element.removeAttribute(name);
      else element.setAttribute(name, before);
    });
  }
}
