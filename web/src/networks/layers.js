/** Reads the layers of a RecCNN of the comrec family from a network file. */

import { Refused } from "../errors.js";
import { readNetworkFile } from "./network-file.js";

/**
 * @typedef {{kernel: import("./network-file.js").Weights, bias: Float32Array}} Layer
 *
 * @typedef {object} Layers
 * @property {import("./network-file.js").Header} header
 * @property {Layer} head takes 2x2 pixels as channels
 * @property {[Layer, Layer][]} blocks
 * @property {Layer} tail
 * @property {Layer} condition maps the condition to an addition to the head's bias
 * @property {Layer} gain maps the condition to the logarithm of the tail's factor
 */

/**
 * Reads a network file into layers.
 *
 * @param {ArrayBuffer} bytes a network file
 * @returns {Layers}
 * @throws {Refused} if the file is damaged, or holds a network of another family
 */
export function readLayers(bytes) {
  const { header, arrays } = readNetworkFile(bytes);
  const { channels, widths, blocks: counts, preset } = header;
  if (channels !== 3 || widths?.length !== 1 || counts?.length !== 1) {
    throw new Refused(`${preset} is not a network that runs in browsers`);
  }
  const takeArray = (name) => {
    const found = arrays.get(name);
    if (!found) throw new Refused(`a network file without ${name}`);
    return found;
  };
  const takeLayer = (name) => ({
    kernel: takeArray(`${name}/kernel`),
    bias: takeArray(`${name}/bias`).values,
  });
  const blocks = Array.from({ length: counts[0] }, (_, i) => [
    takeLayer(`down0_${i}a`),
    takeLayer(`down0_${i}b`),
  ]);
  const head = takeLayer("head");
  head.kernel = packKernel(head.kernel);
  return {
    header, head, blocks,
    tail: takeLayer("tail"), condition: takeLayer("told"), gain: takeLayer("gain"),
  };
}

/** Rearranges a 6x6 kernel of stride 2 into a 3x3 kernel for 2x2 pixels packed as channels. */
function packKernel({ shape, values }) {
  const [, , channels, maps] = shape;
  const out = new Float32Array(values.length);
  for (let y = 0, at = 0; y < 6; y++) {
    for (let x = 0; x < 6; x++) {
      const tap = (y >> 1) * 3 + (x >> 1);
      const first = (tap * 4 + (y & 1) * 2 + (x & 1)) * channels * maps;
      for (let i = 0; i < channels * maps; i++) out[first + i] = values[at++];
    }
  }
  return { shape: [3, 3, 4 * channels, maps], values: out };
}
