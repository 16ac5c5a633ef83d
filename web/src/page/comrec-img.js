// Defines <comrec-img>, an element that restores the <img> inside it.

import { enhance } from "./enhance.js";

export { enhance };

const FORWARDED = [
  "src", "srcset", "sizes", "alt", "width", "height", "loading", "crossorigin", "decoding",
  "fetchpriority", "referrerpolicy",
];
const OPTIONS = ["networks", "data-saver", "max-pixels", "backend"];

/**
 * Enhances the author's <img> inside the element, which pages show without scripts too, or
 * creates an <img>. The FORWARDED attributes are copied to the <img>; `networks`,
 * `data-saver="ignore"`, `max-pixels` and `backend` are options of `enhance`.
 */
class ComrecImg extends HTMLElement {
  static observedAttributes = [...FORWARDED, ...OPTIONS];
  #img = null;
  #createdImg = null;
  #stop = null;
  #children = new MutationObserver(() => this.#adopt());

  connectedCallback() {
    this.#children.observe(this, { childList: true, subtree: true });
    this.#adopt();
  }

  disconnectedCallback() {
    // Moving an element disconnects it and connects it again at once.
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.#children.disconnect();
      this.#release();
    });
  }

  attributeChangedCallback(name) {
    if (!this.#img && this.isConnected) this.#adopt();
    else if (this.#img && FORWARDED.includes(name)) this.#forward(name);
    else if (this.#stop) this.#enhance();
  }

  /** Takes the author's <img>, which may follow the element later, or creates an <img>. */
  #adopt() {
    const authored = [...this.querySelectorAll("img")].filter((img) => img !== this.#createdImg);
    if (authored.length) this.#createdImg?.remove();
    const img = authored[0] ?? this.#createImg();
    if (!img || (img === this.#img && this.#stop)) return;
    this.#release();
    this.#img = img;
    for (const name of FORWARDED) if (this.hasAttribute(name)) this.#forward(name);
    if (!img.isConnected) this.append(img);
    this.#enhance();
  }

  #createImg() {
    if (!this.hasAttribute("src") && !this.hasAttribute("srcset")) return null;
    return (this.#createdImg ??= new Image());
  }

  #release() {
    this.#stop?.();
    this.#stop = null;
  }

  #forward(name) {
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
