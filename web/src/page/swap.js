/** Shows a restored picture in place of the plain one, and undoes the change. */
export class Swap {
  #img;
  #url;
  #undoSteps = [];

  /**
   * Creates a URL for the restored picture; `undo` revokes the URL.
   * @param {HTMLImageElement} img
   * @param {Blob} png
   */
  constructor(img, png) {
    this.#img = img;
    this.#url = URL.createObjectURL(png);
  }

  /** Decodes the restored picture in a hidden <img>, so that `show` takes no time. */
  async prepare() {
    const hidden = new Image();
    hidden.src = this.#url;
    await hidden.decode();
  }

  /**
   * Shows the restored picture by `srcset`. `src` stays, because scripts of the page read it.
   * @param {number} density picture pixels per CSS pixel
   */
  show(density) {
    this.#set(this.#img, "srcset", density === 1 ? this.#url : `${this.#url} ${density}x`);
    for (const source of this.#img.closest("picture")?.querySelectorAll("source") ?? []) {
      this.#set(source, "media", "not all");
    }
  }

  /** Restores attributes, except those changed by others, and frees the picture's memory. */
  undo() {
    for (const undoStep of this.#undoSteps) undoStep();
    this.#undoSteps = [];
    URL.revokeObjectURL(this.#url);
  }

  #set(element, name, value) {
    const before = element.getAttribute(name);
    element.setAttribute(name, value);
    this.#undoSteps.push(() => {
      if (element.getAttribute(name) !== value) return;
      if (before === null) element.removeAttribute(name);
      else element.setAttribute(name, before);
    });
  }
}
