// <comrec-img>: an <img> that restores itself. Importing this module defines the element.

import { enhance } from "./enhance.js";

export { enhance };

const HANDED_ON = [
  "src", "srcset", "sizes", "alt", "width", "height", "loading", "crossorigin", "decoding",
  "fetchpriority", "referrerpolicy",
];
const OPTIONS = ["networks", "data-saver", "max-pixels", "backend"];

/**
 * Works on the <img> inside it, so that a page without scripts shows the picture, or makes
 * one. Attributes of an <img> are handed on to it; `networks`, `data-saver="ignore"`,
 * `max-pixels` and `backend` are the options of `enhance`.
 */
class ComrecImg extends HTMLElement {
  static observedAttributes = [...HANDED_ON, ...OPTIONS];
  #img = null;
  #made = null;
  #stop = null;
  #children = new MutationObserver(() => this.#adopt());

  connectedCallback() {
    this.#children.observe(this, { childList: true, subtree: true });
    this.#adopt();
  }

  disconnectedCallback() {
    // An element that is moved is disconnected and connected at once.
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.#children.disconnect();
      this.#leave();
    });
  }

  attributeChangedCallback(name) {
    if (!this.#img && this.isConnected) this.#adopt();
    else if (this.#img && HANDED_ON.includes(name)) this.#handOn(name);
    else if (this.#stop) this.#enhance();
  }

  /** Looks for the author's <img>, which may come later than the element. */
  #adopt() {
    const others = [...this.querySelectorAll("img")].filter((img) => img !== this.#made);
    if (others.length) this.#made?.remove();
    const img = others[0] ?? this.#ownImg();
    if (!img || (img === this.#img && this.#stop)) return;
    this.#leave();
    this.#img = img;
    for (const name of HANDED_ON) if (this.hasAttribute(name)) this.#handOn(name);
    if (!img.isConnected) this.append(img);
    this.#enhance();
  }

  #ownImg() {
    if (!this.hasAttribute("src") && !this.hasAttribute("srcset")) return null;
    return (this.#made ??= new Image());
  }

  #leave() {
    this.#stop?.();
    this.#stop = null;
  }

  #handOn(name) {
    const value = this.getAttribute(name);
    if (value === null) this.#img.removeAttribute(name);
    else if (this.#img.getAttribute(name) !== value) this.#img.setAttribute(name, value);
  }

  #enhance() {
    const maxPixels = this.hasAttribute("max-pixels")
      ? Number(this.getAttribute("max-pixels"))
      : undefined;
    this.#stop = enhance(this.#img, {
      networks: this.getAttribute("networks") ?? undefined,
      dataSaver: this.getAttribute("data-saver") ?? undefined,
      backend: this.getAttribute("backend") ?? undefined,
      maxPixels,
    });
  }
}

customElements.define("comrec-img", ComrecImg);
