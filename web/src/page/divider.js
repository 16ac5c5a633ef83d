// Compares two pictures in one place: the JPEG left of a divider, the restored picture right of
// it; as large as fits, or pixel by pixel.

const CLICK_PX = 5; // farther than this a press is a drag
const NO_SIZE = { width: "", height: "" };
const ENLARGES = 1.05; // from here on a picture is larger than the place it is shown in

/**
 * Adds the JPEG and the divider to a stage, whose .sheet has the restored picture in an <img>.
 * @param {HTMLElement} stage
 * @param {HTMLElement} control with the range of the divider, its <output> and the 1:1 button
 * @param {string} source URL of the JPEG
 * @returns {() => void} removes them
 */
export function divide(stage, control, source) {
  const divider = new Divider(stage, control, source);
  return () => divider.remove();
}

class Divider {
  #listeners = new AbortController();
  #added;
  #isActual = false;

  constructor(stage, control, source) {
    this.stage = stage;
    this.sheet = stage.querySelector(".sheet");
    this.image = this.sheet.querySelector("img");
    this.range = control.querySelector("input");
    this.output = control.querySelector("output");
    this.button = control.querySelector(".actual");
    this.before = new Image();
    this.before.alt = "";
    this.before.src = source;
    this.before.className = "before";
    this.edge = makePart("edge");
    const tags = [["left", "JPEG"], ["right", "restored"]].map(([side, text]) => {
      const tag = makePart(`tag ${side}`);
      tag.textContent = text;
      return tag;
    });
    this.#added = [this.before, this.edge, ...tags];
    this.sheet.append(this.before, this.edge);
    stage.append(...tags);
    this.tags = tags;
    this.range.disabled = this.button.disabled = false;
    this.#listen();
    this.#show();
  }

  remove() {
    this.#listeners.abort();
    this.#setActual(false);
    for (const part of this.#added) part.remove();
    this.range.disabled = this.button.disabled = true;
  }

  #listen() {
    const { signal } = this.#listeners;
    const on = (target, name, handle) => target.addEventListener(name, handle, { signal });
    on(this.range, "input", () => this.#show());
    on(this.button, "click", () => this.#setActual(!this.#isActual));
    on(this.stage, "scroll", () => this.#place());
    on(this.edge, "pointerdown", (event) => {
      event.stopPropagation();
      follow(this.edge, event, (moved) => this.#drag(moved));
    });
    on(this.stage, "pointerdown", (event) => this.#press(event));
    on(this.stage, "dragstart", (event) => event.preventDefault());
    const resizes = new ResizeObserver(() => {
      if (!this.#isActual) this.stage.classList.toggle("enlarges", this.#enlarges());
      this.#place();
    });
    resizes.observe(this.stage);
    signal.addEventListener("abort", () => resizes.disconnect());
  }

  /** Shows the picture pixel by pixel at a click, and moves it by a drag of the mouse. */
  #press(event) {
    if (event.button !== 0) return;
    const { scrollLeft, scrollTop } = this.stage;
    const isMoved = ({ clientX, clientY }) =>
      Math.hypot(clientX - event.clientX, clientY - event.clientY) > CLICK_PX;
    const move = (moved) => {
      if (!this.#isActual || event.pointerType !== "mouse") return; // others scroll by themselves
      this.stage.scrollLeft = scrollLeft + event.clientX - moved.clientX;
      this.stage.scrollTop = scrollTop + event.clientY - moved.clientY;
    };
    const end = (last) => {
      if (last.type === "pointerup" && !isMoved(last)) this.#setActual(!this.#isActual, last);
    };
    follow(this.stage, event, move, end);
  }

  #drag({ clientX }) {
    const box = this.stage.getBoundingClientRect();
    this.range.value = String((100 * (clientX - box.left)) / box.width);
    this.#show();
  }

  #show() {
    const share = Number(this.range.value);
    this.output.textContent = `${share} %`;
    this.range.setAttribute("aria-valuetext", `${share} % JPEG, the rest restored`);
    this.edge.hidden = this.before.hidden = share === 0;
    this.tags[0].hidden = share < 15;
    this.tags[1].hidden = share === 0 || share > 85;
    this.#place();
  }

  /** Places the divider within what is seen of the picture. */
  #place() {
    const { stage, sheet } = this;
    const share = Number(this.range.value);
    const at = this.#isActual
      ? `${stage.scrollLeft + (share / 100) * stage.clientWidth}px`
      : `${share}%`;
    sheet.style.setProperty("--at", at);
    const middle = `${stage.scrollTop + stage.clientHeight / 2}px`;
    sheet.style.setProperty("--middle", middle);
  }

  /** Tells whether the picture has more pixels than are shown. */
  #enlarges() {
    return this.#computeActualWidth() > this.sheet.clientWidth * ENLARGES;
  }

  /** Computes the width in CSS pixels at which a pixel of the picture is one of the screen. */
  #computeActualWidth() {
    const width = this.image.naturalWidth || this.sheet.clientWidth;
    const ofScreen = width / devicePixelRatio;
    return ofScreen > this.sheet.clientWidth * ENLARGES ? ofScreen : width;
  }

  /** Shows the picture pixel by pixel, with the pixel at `event` where it was, or as a whole. */
  #setActual(isActual, event = null) {
    if (isActual === this.#isActual || (isActual && !this.#enlarges())) return;
    const { stage, sheet } = this;
    const box = stage.getBoundingClientRect();
    const from = sheet.getBoundingClientRect();
    const [x, y] = event
      ? [event.clientX, event.clientY]
      : [box.left + box.width / 2, box.top + box.height / 2];
    const width = isActual ? this.#computeActualWidth() : box.width;
    const ratio = width / from.width;
    // The stage keeps its size, so that nothing else on the page moves.
    const size = { width: `${box.width}px`, height: `${box.height}px` };
    Object.assign(stage.style, isActual ? size : NO_SIZE);
    const ofSheet = { width: `${width}px`, height: `${from.height * ratio}px` };
    Object.assign(sheet.style, isActual ? ofSheet : NO_SIZE);
    this.#isActual = isActual;
    stage.classList.toggle("zoomed", isActual);
    if (isActual) stage.tabIndex = 0; // arrows scroll it
    else stage.removeAttribute("tabindex");
    this.button.setAttribute("aria-pressed", String(isActual));
    stage.scrollLeft = (x - from.left) * ratio - (x - box.left);
    stage.scrollTop = (y - from.top) * ratio - (y - box.top);
    this.#place();
  }
}

function makePart(className) {
  const part = document.createElement("div");
  part.className = className;
  part.setAttribute("aria-hidden", "true");
  return part;
}

/** Calls `move` for each move of a pressed pointer, and `end` once. */
function follow(target, { pointerId, button }, move, end = () => {}) {
  if (button !== 0) return;
  const listeners = new AbortController();
  const { signal } = listeners;
  target.setPointerCapture(pointerId);
  target.addEventListener("pointermove", move, { signal });
  for (const name of ["pointerup", "pointercancel"]) {
    const stop = (event) => {
      listeners.abort();
      end(event);
    };
    target.addEventListener(name, stop, { signal });
  }
}
