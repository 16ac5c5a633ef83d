/** Calls the functions of a worker. */
export class Remote {
  #worker;
  #calls = new Map();
  #count = 0;

  /**
   * Starts a worker.
   * @param {URL} url of a module that answers as worker.js does
   */
  constructor(url) {
    this.isBroken = false;
    this.backends = new Map(); // of the networks that the worker has loaded, by key
    this.#worker = new Worker(url, { type: "module" });
    this.#worker.onmessage = ({ data }) => this.#settle(data);
    this.#worker.onerror = (event) => this.#break(event.message || "the worker does not start");
    this.#worker.onmessageerror = () => this.#break("the worker's answer cannot be read");
  }

  /**
   * Calls a function of the worker.
   * @param {string} name of the function
   * @param {object} options its argument
   * @param {Transferable[]} [transferred] buffers in `options` that the caller gives up
   * @returns {Promise<any>} result of the function
   */
  call(name, options, transferred = []) {
    if (this.isBroken) return Promise.reject(new Error("the worker has stopped"));
    const id = this.#count++;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject });
      this.#worker.postMessage({ id, name, options }, transferred);
    });
  }

  /** Ends the worker. Open calls fail. */
  close() {
    this.#break("closed");
    this.#worker.terminate();
  }

  #settle({ id, value, reason }) {
    const { resolve, reject } = this.#calls.get(id);
    this.#calls.delete(id);
    if (reason === undefined) resolve(value);
    else reject(new Error(reason));
  }

  #break(reason) {
    this.isBroken = true;
    for (const { reject } of this.#calls.values()) reject(new Error(reason));
    this.#calls.clear();
  }
}
