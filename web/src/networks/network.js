/**
 * Runs RecCNN of the comrec family in the browser.
 *
 *     enlarged ─ pack 2x2 ─┤3x3├─ + condition ─ blocks ─┤3x3├─ * gain ─ unpack ─► residual
 *
 * Keras' first layer, 6x6 with a stride of 2, equals a 3x3 layer on 2x2 pixels packed as
 * channels, with its weights in another order. So every layer is one fused 3x3 convolution at
 * half the size, the fastest operation of both backends. JavaScript packs and unpacks the
 * pixels, because it copies them in any case.
 */

import { engine } from "@tensorflow/tfjs-core";
import { startBackend } from "./backend.js";
import { readLayers } from "./layers.js";
import { applyDense, computeResidual, packPixels, unpackPixels } from "./plain-backend.js";

const SELF_TEST_PX = 32;
const SELF_TEST_MAX_ERROR = 0.1 / 255; // a tenth of a grey level

/**
 * Loads a network and starts the backend that runs it.
 *
 * @param {ArrayBuffer} bytes a network file
 * @param {"wasm" | "webgpu"} backend the preferred one; WASM replaces WebGPU where that is
 *   missing or computes wrongly
 * @param {string | URL} wasmUrl URL of tfjs-backend-wasm-simd.wasm
 * @returns {Promise<Network>}
 * @throws {Refused} if the file holds no network of this family
 * @throws {Error} if WASM with SIMD cannot run either
 */
export async function loadNetwork(bytes, backend, wasmUrl) {
  const network = new Network(readLayers(bytes), wasmUrl);
  await network.start(backend);
  return network;
}

/** Holds a network's weights on a backend. */
export class Network {
  #layers;
  #wasmUrl;
  #backend = null;
  #tensors = []; // all that the backend holds
  #stack = null; // the same, by layer

  /**
   * Keeps the layers; `start` moves them to a backend.
   *
   * @param {import("./layers.js").Layers} layers
   * @param {string | URL} wasmUrl URL of tfjs-backend-wasm-simd.wasm
   */
  constructor(layers, wasmUrl) {
    this.#layers = layers;
    this.#wasmUrl = wasmUrl;
    /** @type {import("./network-file.js").Header} */
    this.header = layers.header;
    /** @type {string | null} why WASM replaced the preferred WebGPU; null where it did not */
    this.fallbackReason = null;
  }

  /**
   * Names the backend in use.
   *
   * @returns {"wasm" | "webgpu"}
   */
  get backend() {
    return this.#backend.name;
  }

  /**
   * Moves the weights to the preferred backend, or to WASM where WebGPU fails.
   *
   * @param {"wasm" | "webgpu"} preferred
   */
  async start(preferred) {
    if (preferred === "webgpu") {
      try {
        await this.#use("webgpu");
        await this.#test();
        return;
      } catch (error) {
        this.fallbackReason = error.message;
      }
    }
    await this.#use("wasm");
  }

  /**
   * Computes the residual of an enlarged picture, or of a tile with its halo.
   *
   * @param {Float32Array} enlarged (height, width, 3), RGB in [0, 1]
   * @param {number} height in pixels, a multiple of `header.multiple_px`
   * @param {number} width in pixels, likewise
   * @param {Float32Array} condition (5,), see condition.js
   * @returns {Promise<Float32Array>} (height, width, 3), not clipped
   */
  async computeResidual(enlarged, height, width, condition) {
    if (this.backend === "webgpu") {
      try {
        return await this.#run(enlarged, height, width, condition);
      } catch (error) {
        // A lost device does not come back, so WASM computes from here on.
        this.fallbackReason = error.message;
        await this.#use("wasm");
      }
    }
    return this.#run(enlarged, height, width, condition);
  }

  /** Frees the memory of the weights. */
  dispose() {
    for (const tensor of this.#tensors) tensor.dispose();
    this.#tensors = [];
    this.#stack = null;
  }

  #run(enlarged, height, width, condition) {
    const { head, condition: conditioning, gain } = this.#layers;
    const [h, w] = [height / 2, width / 2];
    const shift = applyDense(conditioning, condition);
    const bias = head.bias.map((value, i) => value + shift[i]);
    const x = packPixels(enlarged, h, w, 3);
    return this.#backend.guard(async () => {
      const output = this.#convolve(x, [1, h, w, 12], bias);
      try {
        const values = await output.data();
        return unpackPixels(values, h, w, 3, Math.exp(applyDense(gain, condition)[0]));
      } finally {
        output.dispose();
      }
    });
  }

  #convolve(values, shape, bias) {
    const { head, blocks, tail } = this.#stack;
    // Another network of this worker may use the other backend. The switch takes effect at
    // once, because both backends have been started.
    engine().setBackend(this.backend);
    return engine().tidy(() => {
      const first = { kernel: head.kernel, bias: makeTensor(bias, [bias.length]) };
      let x = runConvolution(makeTensor(values, shape), first, "linear");
      for (const [a, b] of blocks) {
        const before = x;
        x = engine().tidy(() => {
          const inner = runConvolution(before, a, "relu");
          const change = runConvolution(inner, b, "linear");
          return engine().runKernel("Add", { a: before, b: change });
        });
        before.dispose();
      }
      return runConvolution(x, tail, "linear");
    });
  }

  /** Starts a backend and copies the weights to it. */
  async #use(name) {
    this.#backend = await startBackend(name, this.#wasmUrl);
    const keep = (values, shape) => {
      const tensor = engine().keep(makeTensor(values, shape));
      this.#tensors.push(tensor);
      return tensor;
    };
    const keepLayer = ({ kernel, bias }) => ({
      kernel: keep(kernel.values, kernel.shape),
      bias: keep(bias, [bias.length]),
    });
    this.#tensors = []; // tensors of the other backend are lost with its device
    const { head, blocks, tail } = this.#layers;
    this.#stack = {
      head: keepLayer(head),
      blocks: blocks.map((block) => block.map(keepLayer)),
      tail: keepLayer(tail),
    };
  }

  /** Compares a small picture with the reference: drivers of graphics cards have had bugs. */
  async #test() {
    const side = SELF_TEST_PX;
    const condition = new Float32Array(5);
    // Any fixed picture that contains all frequencies.
    const picture = Float32Array.from({ length: side * side * 3 }, (_, i) => ((i * i) % 251) / 250);
    const expected = computeResidual(this.#layers, picture, side, side, condition);
    const actual = await this.#run(picture, side, side, condition);
    if (!expected.every((value, i) => Math.abs(value - actual[i]) <= SELF_TEST_MAX_ERROR)) {
      throw new Error("WebGPU computes wrongly here");
    }
  }
}

function makeTensor(values, shape) {
  return engine().makeTensor(values, shape, "float32");
}

function runConvolution(x, { kernel, bias }, activation) {
  const attributes = { strides: [1, 1], pad: "same", dataFormat: "NHWC", dilations: [1, 1] };
  return engine().runKernel(
    "FusedConv2D",
    { x, filter: kernel, bias },
    { ...attributes, dimRoundingMode: null, activation, leakyreluAlpha: 0 },
  );
}
