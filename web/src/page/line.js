// Restores the pictures that were dropped, one after another.

const KEPT_BYTES_MAX = 2 ** 30; // of restored pictures, until a person removes some

/** Holds the pictures in their order. */
export class Line {
  /** @type {import("./dropped.js").Dropped[]} */
  pictures = [];
  #options;
  #keptBytesMax;
  #isRunning = false;
  #isPreviewing = false;

  /**
   * @param {Parameters<import("./dropped.js").Dropped["restore"]>[0]} options
   * @param {number} [keptBytesMax] beyond which the next picture waits
   */
  constructor(options, keptBytesMax = KEPT_BYTES_MAX) {
    this.#options = options;
    this.#keptBytesMax = keptBytesMax;
  }

  /** @param {import("./dropped.js").Dropped} picture waits for its turn if it is "waiting" */
  add(picture) {
    this.pictures.push(picture);
    this.run();
  }

  /** @param {import("./dropped.js").Dropped} picture that is no longer wanted */
  remove(picture) {
    this.pictures = this.pictures.filter((other) => other !== picture);
    picture.remove();
    this.run();
  }

  /** Tells whether pictures wait until a person removes some. */
  get isFull() {
    const bytes = this.pictures.reduce((sum, { png }) => sum + (png?.size ?? 0), 0);
    return bytes > this.#keptBytesMax;
  }

  /** Continues with the pictures that wait. */
  run() {
    this.#runPreviews();
    this.#runRestores();
  }

  async #runPreviews() {
    if (this.#isPreviewing) return;
    this.#isPreviewing = true;
    const isDone = new WeakSet();
    const find = () => this.pictures.find((each) => each.state === "waiting" && !isDone.has(each));
    for (let next = find(); next; next = find()) {
      isDone.add(next);
      await next.loadPreview(this.#options.maxPixels);
    }
    this.#isPreviewing = false;
  }

  async #runRestores() {
    if (this.#isRunning) return;
    this.#isRunning = true;
    const find = () => this.pictures.find(({ state }) => state === "waiting");
    for (let next = find(); next && !this.isFull; next = find()) {
      await next.loadPreview(this.#options.maxPixels);
      if (!next.isRemoved) await next.restore(this.#options);
    }
    this.#isRunning = false;
  }
}
