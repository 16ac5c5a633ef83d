/**
 * The network file: what `comrec export --web` writes and the page downloads.
 *
 *     8 bytes  "comrecnn"
 *     u32      length of the header in bytes
 *     header   UTF-8 JSON, padded with spaces to a multiple of 4
 *     data     arrays at their offsets
 *
 * All numbers are little-endian, as typed arrays are wherever browsers run.
 */

import { Refused } from "../errors.js";

const MAGIC = "comrecnn";
const FORMAT = 1;
const START = MAGIC.length + 4;

/**
 * @typedef {object} Header
 * @property {number} format
 * @property {string} preset
 * @property {number} number of the preset, as sidecars have it
 * @property {string} hashes first eight digits of both networks' SHA-256
 * @property {number[]} scales
 * @property {number} channels
 * @property {number} multiple_px sides of what goes in are multiples of it
 * @property {number} reach_px how far the network looks to each side
 * @property {number[]} widths
 * @property {number[]} blocks
 * @property {number} bits of a weight: 32, 16 or 8
 * @property {Array<{name: string, shape: number[], type: string, offset: number,
 *   step?: number[]}>} arrays
 *
 * @typedef {{shape: number[], values: Float32Array}} Weights
 */

/**
 * Reads a network file.
 *
 * @param {ArrayBuffer} bytes
 * @returns {{header: Header, arrays: Map<string, Weights>}} weights as float32, by name
 * @throws {Refused} not such a file, of another format, or cut short
 */
export function readNetworkFile(bytes) {
  const header = readHeader(bytes);
  const start = START + new DataView(bytes).getUint32(MAGIC.length, true);
  const arrays = new Map();
  for (const entry of header.arrays) arrays.set(entry.name, read(bytes, start, entry));
  return { header, arrays };
}

/**
 * @param {ArrayBuffer} bytes a network file, or its beginning
 * @returns {Header}
 * @throws {Refused} not such a file, or of another format
 */
export function readHeader(bytes) {
  const text = (from, to) => new TextDecoder().decode(new Uint8Array(bytes.slice(from, to)));
  if (bytes.byteLength < START || text(0, MAGIC.length) !== MAGIC) {
    throw new Refused("not a comrec network file");
  }
  const length = new DataView(bytes).getUint32(MAGIC.length, true);
  const header = parsed(text(START, START + length));
  if (header && header.format !== FORMAT) {
    throw new Refused(
      `this script reads network files of format ${FORMAT}. Received: ${header.format}`,
    );
  }
  if (!Array.isArray(header?.arrays)) throw new Refused("a network file with a damaged header");
  return header;
}

function parsed(json) {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}

/** @returns {Weights} */
function read(bytes, start, { name, shape, type, offset, step }) {
  const width = { f32: 4, f16: 2, i8: 1 }[type];
  if (!width) throw new Refused(`arrays are f32, f16 or i8. Received: ${type} for ${name}`);
  const count = shape.reduce((product, side) => product * side, 1);
  const from = start + offset;
  if (!(from >= start && from + count * width <= bytes.byteLength)) {
    throw new Refused(`a network file cut short: ${name} is not whole`);
  }
  const part = bytes.slice(from, from + count * width);
  if (type === "f32") return { shape, values: new Float32Array(part) };
  if (type === "f16") return { shape, values: fromHalves(new Uint16Array(part)) };
  if (step?.length !== shape.at(-1)) {
    throw new Refused(`8-bit arrays have one step per map: ${name} has not`);
  }
  const steps = Float32Array.from(step);
  const values = Float32Array.from(new Int8Array(part), (n, i) => n * steps[i % steps.length]);
  return { shape, values };
}

/**
 * Half floats as floats. `Float16Array` is too young to count on.
 *
 * @param {Uint16Array} halves
 * @returns {Float32Array}
 */
export function fromHalves(halves) {
  return Float32Array.from(halves, (half) => {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >> 10) & 31;
    const fraction = half & 1023;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    return sign * (1024 + fraction) * 2 ** (exponent - 25);
  });
}
