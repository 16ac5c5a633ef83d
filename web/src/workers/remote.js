/** A worker whose functions are called from here. */
export class Remote {
  #worker;
  #calls = new Map();
  #count = 0;

  /** @param {URL} url of a module that answers as worker.js does */
  constructor(url) {
    this.isBroken = false;
    this.known = new Map(); // networks that it has: key to backend
    this.#worker = new Worker(url, { type: "module" });
    this.#worker.onmessage = ({ data }) => this.#settle(data);
    this.#worker.onerror = (event) => this.#break(event.message || "the worker does not start");
    this.#worker.onmessageerror = () => this.#break("the worker's answer cannot be read");
  }

  /**
   * @param {string} name of a function of the worker
   * @param {object} given
   * @param {Transferable[]} [moved] parts of `given` that are not needed here any more
   */
  call(name, given, moved = []) {
    if (this.isBroken) return Promise.reject(new Error("the worker has stopped"));
    const id = this.#count++;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject });
      this.#worker.postMessage({ id, name, given }, moved);
    });
  }

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
