/** Things to be lent, one at a time, to whom it matters most. */
export class Queue {
  #free = [];
  #waiting = [];

  /** How many are not lent. */
  get free() {
    return this.#free.length;
  }

  /** Whether somebody waits. */
  get isWanted() {
    return this.#waiting.length > 0;
  }

  /**
   * @param {() => number} priority the lower the sooner; asked whenever something is free
   * @param {AbortSignal} signal
   * @returns {Promise<any>} to be given back
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

  /** Gives something back, or adds it. */
  give(thing) {
    if (!this.#waiting.length) {
      this.#free.push(thing);
      return;
    }
    const priorities = this.#waiting.map(({ priority }) => priority());
    const [first] = this.#waiting.splice(priorities.indexOf(Math.min(...priorities)), 1);
    first.resolve(thing);
  }

  /** Takes out all that is free. */
  drain() {
    return this.#free.splice(0);
  }
}
