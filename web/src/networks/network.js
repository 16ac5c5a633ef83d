/**
 * RecCNN of the comrec family (comrec/models/family.py) in the browser.
 *
 *     enlarged ─ 2x2 pixels to channels ─┤3x3├─ + told ─ blocks ─┤3x3├─ * gain ─ back ─► residual
 *
 * Keras' first layer, 6x6 with a stride of 2, is a 3x3 one on 2x2 pixels as channels, with
 * the same weights in another order. So every layer is one fused 3x3 convolution at half the
 * size, which both backends do fastest, and moving pixels is done here, where they are
 * copied anyway.
 */

import { engine } from "@tensorflow/tfjs-core";
import { startBackend } from "./backend.js";
import { layersOf } from "./layers.js";
import { dense, residual, toChannels, toPixels } from "./plain-backend.js";

const SELF_TEST_PX = 32;
const SELF_TEST_MOST = 0.1 / 255; // of a grey level

/**
 * Loads a network and starts what runs it, once per page or worker.
 *
 * @param {ArrayBuffer} bytes a network file
 * @param {"wasm" | "webgpu"} backend the wish; WebGPU gives way to WASM where it is missing
 *   or computes wrongly
 * @param {string | URL} wasmUrl where tfjs-backend-wasm-simd.wasm is
 * @returns {Promise<Network>}
 * @throws {Refused} the file is no network of this family
 * @throws {Error} WASM with SIMD cannot run here either
 */
export async function loadNetwork(bytes, backend, wasmUrl) {
  const network = new Network(layersOf(bytes), wasmUrl);
  await network.start(backend);
  return network;
}

export class Network {
  #layers;
  #wasmUrl;
  #backend = null;
  #kept = [];
  #stack = null;

  /**
   * @param {import("./layers.js").Layers} layers
   * @param {string | URL} wasmUrl
   */
  constructor(layers, wasmUrl) {
    this.#layers = layers;
    this.#wasmUrl = wasmUrl;
    /** @type {import("./network-file.js").Header} */
    this.header = layers.header;
    /** Why WebGPU was wished for and does not run; null where it does. */
    this.refused = null;
  }

  /** @returns {"wasm" | "webgpu"} what runs it now */
  get backend() {
    return this.#backend.name;
  }

  /** @param {"wasm" | "webgpu"} wish see `loadNetwork` */
  async start(wish) {
    if (wish === "webgpu") {
      try {
        await this.#use("webgpu");
        await this.#test();
        return;
      } catch (error) {
        this.refused = error.message;
      }
    }
    await this.#use("wasm");
  }

  /**
   * What is to be added to an enlarged picture, or to a tile of it with its halo.
   *
   * @param {Float32Array} enlarged (height, width, 3), RGB in [0, 1]
   * @param {number} height in pixels; it and the width are multiples of
   *   `header.multiple_px`
   * @param {number} width
   * @param {Float32Array} condition (5,), see comrec/condition.py
   * @returns {Promise<Float32Array>} (height, width, 3), not clipped
   */
  async residual(enlarged, height, width, condition) {
    if (this.backend === "webgpu") {
      try {
        return await this.#run(enlarged, height, width, condition);
      } catch (error) {
        // A lost device stays lost: WASM from here on.
        this.refused = error.message;
        await this.#use("wasm");
      }
    }
    return this.#run(enlarged, height, width, condition);
  }

  /** Gives the memory of the weights back. */
  dispose() {
    for (const tensor of this.#kept) tensor.dispose();
    this.#kept = [];
    this.#stack = null;
  }

  #run(enlarged, height, width, condition) {
    const { head, told, gain } = this.#layers;
    const [h, w] = [height / 2, width / 2];
    const more = dense(told, condition);
    const bias = head.bias.map((value, i) => value + more[i]);
    const x = toChannels(enlarged, h, w, 3);
    return this.#backend.guard(async () => {
      const output = this.#convolve(x, [1, h, w, 12], bias);
      try {
        const values = await output.data();
        return toPixels(values, h, w, 3, Math.exp(dense(gain, condition)[0]));
      } finally {
        output.dispose();
      }
    });
  }

  #convolve(values, shape, bias) {
    const { head, blocks, tail } = this.#stack;
    // Another network of this worker may run on the other backend. Takes effect at once,
    // for both have been started.
    engine().setBackend(this.backend);
    return engine().tidy(() => {
      const first = { kernel: head.kernel, bias: tensor(bias, [bias.length]) };
      let x = conv(tensor(values, shape), first, "linear");
      for (const [a, b] of blocks) {
        const before = x;
        x = engine().tidy(() => {
          const change = conv(conv(before, a, "relu"), b, "linear");
          return engine().runKernel("Add", { a: before, b: change });
        });
        before.dispose();
      }
      return conv(x, tail, "linear");
    });
  }

  async #use(name) {
    this.#backend = await startBackend(name, this.#wasmUrl);
    const keep = (values, shape) => {
      const kept = engine().keep(tensor(values, shape));
      this.#kept.push(kept);
      return kept;
    };
    const layer = ({ kernel, bias }) => ({
      kernel: keep(kernel.values, kernel.shape),
      bias: keep(bias, [bias.length]),
    });
    this.#kept = []; // what the other backend had is lost with it
    const { head, blocks, tail } = this.#layers;
    this.#stack = { head: layer(head), blocks: blocks.map((b) => b.map(layer)), tail: layer(tail) };
  }

  /** Drivers of graphics cards have been wrong before. */
  async #test() {
    const side = SELF_TEST_PX;
    const condition = new Float32Array(5);
    // Any picture of all frequencies; the same each time.
    const picture = Float32Array.from({ length: side * side * 3 }, (_, i) => ((i * i) % 251) / 250);
    const wanted = residual(this.#layers, picture, side, side, condition);
    const got = await this.#run(picture, side, side, condition);
    if (!wanted.every((value, i) => Math.abs(value - got[i]) <= SELF_TEST_MOST)) {
      throw new Error("WebGPU computes wrongly here");
    }
  }
}

function tensor(values, shape) {
  return engine().makeTensor(values, shape, "float32");
}

function conv(x, { kernel, bias }, activation) {
  const attributes = { strides: [1, 1], pad: "same", dataFormat: "NHWC", dilations: [1, 1] };
  return engine().runKernel(
    "FusedConv2D",
    { x, filter: kernel, bias },
    { ...attributes, dimRoundingMode: null, activation, leakyreluAlpha: 0 },
  );
}
