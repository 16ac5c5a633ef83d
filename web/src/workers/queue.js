/** Lends items, each to one borrower at a time, by priority. */
export class Queue {
  #free = [];
  #waiting = [];

  /** Counts the items that are not lent. */
  get freeCount() {
    return this.#free.length;
  }

  /** Tells whether a borrower waits. */
  get hasWaiting() {
    return this.#waiting.length > 0;
  }

  /**
   * Borrows an item, once one is free.
   * @param {() => number} priority lower comes sooner; called each time an item becomes free
   * @param {AbortSignal} signal ends the wait, with the signal's reason as the error
   * @returns {Promise<any>} the item, to be returned by `give`
   */
  take(priority, signal) {
    signal.throwIfAborted();
    if (this.#free.length) return Promise.resolve(this.#free.pop());
    return new Promise((resolve, reject) => {
      const waiting = { priority, resolve };
      this.#waiting.push(waiting);
      signal.addEventListener("abort", () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
        reject(signal.reason);
      });
    });
  }

  /**
   * Returns an item, or adds a new one.
   * @param {any} item
   */
  give(item) {
    if (!this.#waiting.length) {
      this.#free.push(item);
      return;
    }
    const priorities = this.#waiting.map(({ priority }) => priority());
    const [first] = this.#waiting.splice(priorities.indexOf(Math.min(...priorities)), 1);
    first.resolve(item);
  }

  /**
   * Removes all free items.
   * @returns {any[]}
   */
  drain() {
    return this.#free.splice(0);
  }
}
