// The record beside or inside the .jpg, and the checksum that ties the two together.

import { crc32 } from "./crc32.js";
import { Refused } from "../errors.js";

const VERSION = 1;
const RECORDS_MAX = 2; // the old pair's and the new one's, while one replaces the other
const SIDE_MAX_PX = 2 ** 24 - 1;
const BINARY_BYTES = 13;
const HALF = 128; // in the byte of the scale
const FIELDS = ["comrec", "preset", "size", "scale", "alpha", "crc"];
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * @typedef {object} Sidecar
 * @property {string | number} preset its name; its number in the binary form
 * @property {number} width of the picture, in pixels
 * @property {number} height
 * @property {number | null} scale picture size : compact size; null where it is not said
 * @property {Uint8Array} alpha a PNG; empty where there is none
 * @property {number} crc
 *
 * @typedef {object} Preset what a decoder has to know about one
 * @property {string} preset
 * @property {number} number
 * @property {string} hashes
 * @property {number[]} scales
 */

/**
 * Reads a sidecar file: a line for each candidate.
 * @param {string} text
 * @returns {Sidecar[]}
 */
export function parseText(text) {
  const lines = text.split(/\r\n|\n|\r/);
  if (lines.at(-1) === "") lines.pop();
  if (lines.length < 1 || lines.length > RECORDS_MAX) {
    throw new Refused(
      `not a comrec sidecar (one line of JSON is expected, ${lines.length} came)`,
    );
  }
  return lines.map(parseLine);
}

function parseLine(line) {
  let record;
  try {
    record = JSON.parse(line);
  } catch {
    throw new Refused("not a comrec sidecar (invalid JSON)");
  }
  if (typeof record !== "object" || record === null || !Number.isInteger(record.comrec)) {
    throw new Refused('not a comrec sidecar (no "comrec" version)');
  }
  checkVersion(record.comrec);
  const unknown = Object.keys(record).filter((name) => !FIELDS.includes(name));
  if (unknown.length) throw new Refused(`unknown fields in a sidecar: ${short(unknown)}`);
  const { preset, size, scale, alpha, crc } = record;
  if (typeof preset !== "string") throw badField("preset", "a name", preset);
  if (!Array.isArray(size) || size.length !== 2) throw badField("size", "[width, height]", size);
  if (typeof crc !== "string" || !/^[0-9a-f]{8}$/.test(crc)) {
    throw badField("crc", "8 hex digits", crc);
  }
  if ("scale" in record && typeof scale !== "number") throw badField("scale", "a number", scale);
  return checked({
    preset,
    width: size[0],
    height: size[1],
    scale: scale ?? null,
    alpha: "alpha" in record ? fromBase64(alpha) : new Uint8Array(),
    crc: parseInt(crc, 16),
  });
}

function fromBase64(text) {
  if (typeof text !== "string" || !text || text.length % 4 || !BASE64.test(text)) {
    throw badField("alpha", "a PNG in base64", text);
  }
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/**
 * Reads an embedded sidecar, the marker taken off.
 * @param {Uint8Array} data
 * @returns {Sidecar}
 */
export function parseBinary(data) {
  checkVersion(data[0]);
  if (data.length < BINARY_BYTES) {
    throw new Refused(
      `an embedded sidecar has at least ${BINARY_BYTES} bytes. Received: ${data.length}`,
    );
  }
  const number = (start, end) => data.subarray(start, end).reduce((n, byte) => n * 256 + byte, 0);
  return checked({
    preset: data[1],
    width: number(3, 6),
    height: number(6, 9),
    scale: data[2] < HALF ? data[2] : data[2] - HALF + 0.5,
    alpha: data.slice(BINARY_BYTES),
    crc: number(9, 13),
  });
}

function checkVersion(version) {
  if (version !== VERSION) {
    throw new Refused(
      `sidecar version ${short(version)}, but this script reads version ${VERSION}`,
    );
  }
}

function checked(sidecar) {
  for (const side of [sidecar.width, sidecar.height]) {
    if (!Number.isInteger(side) || side < 1 || side > SIDE_MAX_PX) {
      throw badField("size", `1 to ${SIDE_MAX_PX} each way`, side);
    }
  }
  return sidecar;
}

function badField(name, legal, came) {
  return new Refused(`${name} of a sidecar must be ${legal}. Received: ${short(came)}`);
}

function short(value) {
  const text = String(JSON.stringify(value));
  return text.length <= 40 ? text : `${text.slice(0, 37)}...`;
}

/**
 * Whether a sidecar names a preset.
 * @param {Sidecar} sidecar
 * @param {{preset: string, number: number}} row
 */
export function isOf(sidecar, row) {
  return sidecar.preset === row.preset || sidecar.preset === row.number;
}

/**
 * The sidecar with its scale, if it is, unaltered, that of a JPEG; else null.
 * @param {Sidecar} sidecar
 * @param {Preset} preset that it names
 * @param {Uint8Array[]} coded data of the JPEG
 * @returns {Sidecar | null}
 */
export function fitting(sidecar, preset, coded) {
  const isFile = typeof sidecar.preset === "string";
  // A file has the scale where the preset has several, and only there.
  if (isFile && (sidecar.scale === null) !== (preset.scales.length === 1)) return null;
  const scale = sidecar.scale ?? preset.scales[0];
  if (!preset.scales.includes(scale)) return null;
  const whole = { ...sidecar, preset: preset.preset, scale };
  return checksum(whole, preset.hashes, coded) === sidecar.crc ? whole : null;
}

function checksum({ preset, width, height, scale, alpha }, hashes, coded) {
  const text = `('${preset}', '${hashes}', ${width}, ${height}, ${scale})`;
  const parts = [new TextEncoder().encode(text), alpha, ...coded];
  return parts.reduce((crc, part) => crc32(part, crc), 0);
}

/**
 * The size of the compact image.
 * @param {Sidecar} sidecar with its scale
 * @returns {{height: number, width: number}} in pixels
 */
export function compactSize({ height, width, scale }) {
  return { height: Math.ceil(height / scale), width: Math.ceil(width / scale) };
}
