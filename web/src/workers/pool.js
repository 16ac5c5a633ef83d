// Starts the page's workers when there is work, and ends them after a while without work.

import { Queue } from "./queue.js";
import { Remote } from "./remote.js";

const WORKERS_MAX = 4;
const IDLE_MS = 10_000;

/** Runs tasks on a limited number of workers. */
export class Pool {
  #queue = new Queue();
  #url;
  #size = 1; // until the backend is known
  #startedCount = 0;
  #idleTimer;

  /**
   * Creates a pool without workers.
   * @param {URL} url of the worker's module
   */
  constructor(url) {
    this.#url = url;
  }

  /**
   * Limits the pool to the workers that a backend can use: one per graphics card, one per core.
   * @param {string} backend
   */
  setBackend(backend) {
    this.#size = backend === "webgpu" ? 1 : this.maxWorkers;
    while (this.#queue.hasWaiting && this.#startWorker());
  }

  /** Counts the workers that the pool may have at most. */
  get maxWorkers() {
    return Math.min(navigator.hardwareConcurrency || 2, WORKERS_MAX);
  }

  /**
   * Runs a task on the next free worker.
   * @template T
   * @param {(worker: Remote) => Promise<T>} task
   * @param {() => number} priority lower runs sooner
   * @param {AbortSignal} signal cancels the task if it has not started
   * @returns {Promise<T>} result of the task
   */
  async run(task, priority, signal) {
    clearTimeout(this.#idleTimer);
    if (!this.#queue.freeCount) this.#startWorker();
    const worker = await this.#queue.take(priority, signal);
    try {
      return await task(worker);
    } finally {
      this.#release(worker);
    }
  }

  #startWorker() {
    if (this.#startedCount >= this.#size) return false;
    const worker = new Remote(this.#url);
    this.#startedCount++;
    this.#queue.give(worker);
    return true;
  }

  #release(worker) {
    if (worker.isBroken || this.#startedCount > this.#size) {
      this.#startedCount--;
      worker.close();
      if (this.#queue.hasWaiting) this.#startWorker();
    } else {
      this.#queue.give(worker);
    }
    clearTimeout(this.#idleTimer);
    if (this.#queue.freeCount === this.#startedCount) {
      this.#idleTimer = setTimeout(() => this.#endWorkers(), IDLE_MS);
    }
  }

  #endWorkers() {
    for (const worker of this.#queue.drain()) worker.close();
    this.#startedCount = 0;
  }
}
