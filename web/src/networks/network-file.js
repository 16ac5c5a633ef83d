/**
 * Reads network files, which `comrec export --web` writes and pages download.
 *
 *     8 bytes  "comrecnn"
 *     u32      length of the header in bytes
 *     header   UTF-8 JSON, padded with spaces to a multiple of 4
 *     data     arrays at their offsets
 *
 * All numbers are little-endian, as typed arrays are on every platform of the browsers.
 */

import { Refused } from "../errors.js";

const MAGIC = "comrecnn";
const FORMAT = 1;
const START = MAGIC.length + 4;

/**
 * @typedef {object} Header
 * @property {number} format
 * @property {string} preset
 * @property {number} number of the preset in embedded sidecars
 * @property {string} hashes first eight digits of both networks' SHA-256
 * @property {number[]} scales
 * @property {number} channels
 * @property {number} multiple_px height and width of an input are multiples of this
 * @property {number} reach_px distance to the farthest input pixel that an output pixel
 *   depends on
 * @property {number[]} widths
 * @property {number[]} blocks
 * @property {number} bits per weight: 32, 16 or 8
 * @property {Array<{name: string, shape: number[], type: string, offset: number,
 *   step?: number[]}>} arrays
 *
 * @typedef {{shape: number[], values: Float32Array}} Weights
 */

/**
 * Reads the header and all arrays of a network file.
 *
 * @param {ArrayBuffer} bytes
 * @returns {{header: Header, arrays: Map<string, Weights>}} weights as float32, by name
 * @throws {Refused} if the bytes are no network file, of another format, or cut short
 */
export function readNetworkFile(bytes) {
  const header = readHeader(bytes);
  const start = START + new DataView(bytes).getUint32(MAGIC.length, true);
  const arrays = new Map();
  for (const entry of header.arrays) arrays.set(entry.name, readArray(bytes, start, entry));
  return { header, arrays };
}

/**
 * Reads the header of a network file.
 *
 * @param {ArrayBuffer} bytes the file, or its beginning
 * @returns {Header}
 * @throws {Refused} if the bytes are no network file, or of another format
 */
export function readHeader(bytes) {
  const decode = (from, to) => new TextDecoder().decode(new Uint8Array(bytes.slice(from, to)));
  if (bytes.byteLength < START || decode(0, MAGIC.length) !== MAGIC) {
    throw new Refused("not a comrec network file");
  }
  const length = new DataView(bytes).getUint32(MAGIC.length, true);
  const header = parseJson(decode(START, START + length));
  if (header && header.format !== FORMAT) {
    throw new Refused(
      `this script reads network files of format ${FORMAT}. Received: ${header.format}`,
    );
  }
  if (!Array.isArray(header?.arrays)) throw new Refused("a network file with a damaged header");
  return header;
}

/** Parses JSON; null where it is not valid. */
function parseJson(json) {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}

/**
 * Reads one array as float32.
 *
 * @returns {Weights}
 */
function readArray(bytes, start, { name, shape, type, offset, step }) {
  const width = { f32: 4, f16: 2, i8: 1 }[type];
  if (!width) throw new Refused(`arrays are f32, f16 or i8. Received: ${type} for ${name}`);
  const count = shape.reduce((product, side) => product * side, 1);
  const from = start + offset;
  if (!(from >= start && from + count * width <= bytes.byteLength)) {
    throw new Refused(`a network file cut short: ${name} is not whole`);
  }
  const part = bytes.slice(from, from + count * width);
  if (type === "f32") return { shape, values: new Float32Array(part) };
  if (type === "f16") return { shape, values: decodeHalfFloats(new Uint16Array(part)) };
  if (step?.length !== shape.at(-1)) {
    throw new Refused(`8-bit arrays have one step per map: ${name} has not`);
  }
  const steps = Float32Array.from(step);
  const values = Float32Array.from(new Int8Array(part), (n, i) => n * steps[i % steps.length]);
  return { shape, values };
}

/**
 * Converts half-precision floats to float32. Many browsers still lack `Float16Array`.
 *
 * @param {Uint16Array} halves
 * @returns {Float32Array}
 */
export function decodeHalfFloats(halves) {
  return Float32Array.from(halves, (half) => {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >> 10) & 31;
    const fraction = half & 1023;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    return sign * (1024 + fraction) * 2 ** (exponent - 25);
  });
}
