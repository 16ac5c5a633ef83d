// The page's workers: begun when there is work, ended when there is none for a while.

import { Queue } from "./queue.js";
import { Remote } from "./remote.js";

const WORKERS_MAX = 4;
const IDLE_MS = 10_000;

export class Pool {
  #queue = new Queue();
  #url;
  #size = 1; // until it is known what computes
  #begun = 0;
  #idle;

  /** @param {URL} url of the worker's module */
  constructor(url) {
    this.#url = url;
  }

  /** A graphics card is one; processors are several. */
  suit(backend) {
    this.#size = backend === "webgpu" ? 1 : this.most;
    while (this.#queue.isWanted && this.#begin());
  }

  /** How many workers there may be at most. */
  get most() {
    return Math.min(navigator.hardwareConcurrency || 2, WORKERS_MAX);
  }

  /**
   * Runs a task on the next free worker.
   * @template T
   * @param {(worker: Remote) => Promise<T>} task
   * @param {() => number} priority the lower the sooner
   * @param {AbortSignal} signal drops the task where it has not begun
   * @returns {Promise<T>}
   */
  async run(task, priority, signal) {
    clearTimeout(this.#idle);
    if (!this.#queue.free) this.#begin();
    const worker = await this.#queue.take(priority, signal);
    try {
      return await task(worker);
    } finally {
      this.#giveBack(worker);
    }
  }

  #begin() {
    if (this.#begun >= this.#size) return false;
    const worker = new Remote(this.#url);
    this.#begun++;
    this.#queue.give(worker);
    return true;
  }

  #giveBack(worker) {
    if (worker.isBroken || this.#begun > this.#size) {
      this.#begun--;
      worker.close();
      if (this.#queue.isWanted) this.#begin();
    } else {
      this.#queue.give(worker);
    }
    clearTimeout(this.#idle);
    if (this.#queue.free === this.#begun) this.#idle = setTimeout(() => this.#end(), IDLE_MS);
  }

  #end() {
    for (const worker of this.#queue.drain()) worker.close();
    this.#begun = 0;
  }
}
