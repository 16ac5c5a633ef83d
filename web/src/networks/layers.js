/** The layers of a RecCNN of the comrec family, from a network file. */

import { Refused } from "../errors.js";
import { readNetworkFile } from "./network-file.js";

/**
 * @typedef {{kernel: import("./network-file.js").Weights, bias: Float32Array}} Layer
 *
 * @typedef {object} Layers
 * @property {import("./network-file.js").Header} header
 * @property {Layer} head on 2x2 pixels as channels
 * @property {[Layer, Layer][]} blocks
 * @property {Layer} tail
 * @property {Layer} told what the condition adds to the head's maps
 * @property {Layer} gain logarithm of what the tail is multiplied by
 */

/**
 * @param {ArrayBuffer} bytes a network file
 * @returns {Layers}
 * @throws {Refused} it is none of this family, or damaged
 */
export function layersOf(bytes) {
  const { header, arrays } = readNetworkFile(bytes);
  const { channels, widths, blocks: counts, preset } = header;
  if (channels !== 3 || widths?.length !== 1 || counts?.length !== 1) {
    throw new Refused(`${preset} is not a network that runs in browsers`);
  }
  const take = (name) => {
    const found = arrays.get(name);
    if (!found) throw new Refused(`a network file without ${name}`);
    return found;
  };
  const layer = (name) => ({
    kernel: take(`${name}/kernel`),
    bias: take(`${name}/bias`).values,
  });
  const blocks = Array.from({ length: counts[0] }, (_, i) => [
    layer(`down0_${i}a`),
    layer(`down0_${i}b`),
  ]);
  const head = layer("head");
  head.kernel = halved(head.kernel);
  return { header, head, blocks, tail: layer("tail"), told: layer("told"), gain: layer("gain") };
}

/** A 6x6 kernel of stride 2 as a 3x3 one on 2x2 pixels as channels. */
function halved({ shape, values }) {
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
