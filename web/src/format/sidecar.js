// Reads sidecars, beside or inside the .jpg, and checks them against it.

import { crc32 } from "./crc32.js";
import { Refused } from "../errors.js";

const VERSION = 1;
const RECORDS_MAX = 2; // of the old pair and the new one, while one replaces the other
const SIDE_MAX_PX = 2 ** 24 - 1;
const BINARY_BYTES = 13;
const HALF = 128; // bit of the scale's byte that adds 0.5
const FIELDS = ["comrec", "preset", "size", "scale", "alpha", "crc"];
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * @typedef {object} Sidecar
 * @property {string | number} preset name; in the binary form, number
 * @property {number} width of the picture, in pixels
 * @property {number} height of the picture, in pixels
 * @property {number | null} scale picture size : compact size; null where not recorded
 * @property {Uint8Array} alpha a PNG; empty for a picture without alpha
 * @property {number} crc
 *
 * @typedef {object} Preset the properties of a preset that a decoder needs
 * @property {string} preset name
 * @property {number} number
 * @property {string} hashes of both networks, see network-file.js
 * @property {number[]} scales
 */

/**
 * Reads a sidecar file: one line for each sidecar.
 * @param {string} text
 * @returns {Sidecar[]}
 * @throws {Refused} if the text is no sidecar file that this script can read
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
  if (unknown.length) throw new Refused(`unknown fields in a sidecar: ${abbreviate(unknown)}`);
  const { preset, size, scale, alpha, crc } = record;
  if (typeof preset !== "string") throw makeFieldError("preset", "a name", preset);
  if (!Array.isArray(size) || size.length !== 2) {
    throw makeFieldError("size", "[width, height]", size);
  }
  if (typeof crc !== "string" || !/^[0-9a-f]{8}$/.test(crc)) {
    throw makeFieldError("crc", "8 hex digits", crc);
  }
  if ("scale" in record && typeof scale !== "number") {
    throw makeFieldError("scale", "a number", scale);
  }
  return checkSize({
    preset,
    width: size[0],
    height: size[1],
    scale: scale ?? null,
    alpha: "alpha" in record ? decodeBase64(alpha) : new Uint8Array(),
    crc: parseInt(crc, 16),
  });
}

function decodeBase64(text) {
  if (typeof text !== "string" || !text || text.length % 4 || !BASE64.test(text)) {
    throw makeFieldError("alpha", "a PNG in base64", text);
  }
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/**
 * Reads an embedded sidecar.
 * @param {Uint8Array} data without the marker
 * @returns {Sidecar}
 * @throws {Refused} if the data is too short, or of another version
 */
export function parseBinary(data) {
  checkVersion(data[0]);
  if (data.length < BINARY_BYTES) {
    throw new Refused(
      `an embedded sidecar has at least ${BINARY_BYTES} bytes. Received: ${data.length}`,
    );
  }
  const readNumber = (start, end) =>
    data.subarray(start, end).reduce((n, byte) => n * 256 + byte, 0);
  return checkSize({
    preset: data[1],
    width: readNumber(3, 6),
    height: readNumber(6, 9),
    scale: data[2] < HALF ? data[2] : data[2] - HALF + 0.5,
    alpha: data.slice(BINARY_BYTES),
    crc: readNumber(9, 13),
  });
}

function checkVersion(version) {
  if (version !== VERSION) {
    throw new Refused(
      `sidecar version ${abbreviate(version)}, but this script reads version ${VERSION}`,
    );
  }
}

/** Returns the sidecar if its size is legal. */
function checkSize(sidecar) {
  for (const side of [sidecar.width, sidecar.height]) {
    if (!Number.isInteger(side) || side < 1 || side > SIDE_MAX_PX) {
      throw makeFieldError("size", `1 to ${SIDE_MAX_PX} each way`, side);
    }
  }
  return sidecar;
}

function makeFieldError(name, legal, received) {
  return new Refused(`${name} of a sidecar must be ${legal}. Received: ${abbreviate(received)}`);
}

function abbreviate(value) {
  const text = String(JSON.stringify(value));
  return text.length <= 40 ? text : `${text.slice(0, 37)}...`;
}

/**
 * Tells whether a sidecar names a preset.
 * @param {Sidecar} sidecar
 * @param {{preset: string, number: number}} row of the preset
 * @returns {boolean}
 */
export function namesPreset(sidecar, row) {
  return sidecar.preset === row.preset || sidecar.preset === row.number;
}

/**
 * Verifies by the checksum that a sidecar belongs to a JPEG and that neither was altered.
 * @param {Sidecar} sidecar
 * @param {Preset} preset that the sidecar names
 * @param {Uint8Array[]} coded data of the JPEG
 * @returns {Sidecar | null} with the preset's name and the scale; null if the check fails
 */
export function verifySidecar(sidecar, preset, coded) {
  const isFile = typeof sidecar.preset === "string";
  // A sidecar file records the scale if, and only if, the preset has several.
  if (isFile && (sidecar.scale === null) !== (preset.scales.length === 1)) return null;
  const scale = sidecar.scale ?? preset.scales[0];
  if (!preset.scales.includes(scale)) return null;
  const whole = { ...sidecar, preset: preset.preset, scale };
  return computeChecksum(whole, preset.hashes, coded) === sidecar.crc ? whole : null;
}

function computeChecksum({ preset, width, height, scale, alpha }, hashes, coded) {
  const text = `('${preset}', '${hashes}', ${width}, ${height}, ${scale})`;
  const parts = [new TextEncoder().encode(text), alpha, ...coded];
  return parts.reduce((crc, part) => crc32(part, crc), 0);
}

/**
 * Computes the size of the compact image.
 * @param {Sidecar} sidecar with a scale
 * @returns {{height: number, width: number}} in pixels
 */
export function computeCompactSize({ height, width, scale }) {
  return { height: Math.ceil(height / scale), width: Math.ceil(width / scale) };
}
