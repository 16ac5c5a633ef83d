// Shows one of the pictures that were dropped, as large as the page allows.

import { divide } from "./divider.js";

const START = "50"; // of the divider, in percent

/** Shows a picture with the divider; frees its memory when another one is shown. */
export class Viewer {
  #panel;
  #picture = null;
  #shown = null; // the blob that is shown
  #urls = [];
  #undivide = () => {};
  #update = () => this.#show();

  /** @param {HTMLElement} panel the part of the page */
  constructor(panel) {
    this.#panel = panel;
  }

  /** @param {import("./dropped.js").Dropped | null} picture null for none */
  open(picture) {
    this.#picture?.removeEventListener("change", this.#update);
    this.#clear();
    this.#picture = picture;
    this.#panel.hidden = !picture;
    if (!picture) return;
    this.#panel.querySelector("input").value = START;
    picture.addEventListener("change", this.#update);
    this.#show();
  }

  #show() {
    const { name, words, png, pngName, file, size } = this.#picture;
    const find = (selector) => this.#panel.querySelector(selector);
    find("h2").textContent = name;
    find(".words").textContent = words;
    find(".control").hidden = !png;
    const save = find(".save");
    save.hidden = !png;
    // Without a size the file is no picture, or too large to be shown.
    const blob = png ?? (size && file);
    if (blob === this.#shown) return;
    this.#clear();
    this.#shown = blob;
    if (!blob) return;
    const image = this.#addImage(blob);
    if (!png) return;
    save.href = image.src;
    save.download = pngName;
    this.#undivide = divide(find(".stage"), find(".control"), this.#makeUrl(file));
  }

  #addImage(blob) {
    const { name, size } = this.#picture;
    const image = new Image();
    image.src = this.#makeUrl(blob);
    image.alt = name;
    if (size && blob === this.#picture.file) Object.assign(image, size);
    this.#panel.querySelector(".sheet").append(image);
    this.#panel.querySelector(".stage").hidden = false;
    return image;
  }

  #makeUrl(blob) {
    const url = URL.createObjectURL(blob);
    this.#urls.push(url);
    return url;
  }

  #clear() {
    this.#undivide();
    this.#undivide = () => {};
    this.#shown = null;
    this.#panel.querySelector(".stage").hidden = true;
    this.#panel.querySelector(".sheet").replaceChildren();
    const save = this.#panel.querySelector(".save");
    save.removeAttribute("href");
    for (const url of this.#urls) URL.revokeObjectURL(url);
    this.#urls = [];
  }
}
