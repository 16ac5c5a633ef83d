// The segments of a JPEG, and what docs/format.md has in them.

import { Refused } from "../errors.js";

const SOI = 0xd8, EOI = 0xd9, SOS = 0xda, DQT = 0xdb, APP2 = 0xe2, APP11 = 0xeb, COM = 0xfe;
const SEGMENTS_MAX = 100_000;
const SCANS_MAX = 100;
const MAGIC = ascii("comrec\0");
const ICC = ascii("ICC_PROFILE\0");
const MAGIC_CHANGES = 2; // bytes of the marker that damage may have changed
// prettier-ignore
const ZIGZAG = [
   0,  1,  8, 16,  9,  2,  3, 10, 17, 24, 32, 25, 18, 11,  4,  5,
  12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13,  6,  7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
  58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/**
 * One marker with what it counts; of a scan the entropy-coded data as well.
 * @typedef {{marker: number, content: Uint8Array, whole: Uint8Array}} Segment
 * @typedef {{height: number, width: number, tables: number[]}} Frame
 *   size in pixels, and the number of the quantisation table of each component
 */

function ascii(text) {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function begins(content, prefix) {
  return content.length >= prefix.length && prefix.every((byte, i) => byte === content[i]);
}

/**
 * Splits a file, SOI and EOI left out. What follows EOI is ignored.
 * @param {Uint8Array} jpeg
 * @returns {Segment[]} views of the file
 */
export function segments(jpeg) {
  if (jpeg[0] !== 0xff || jpeg[1] !== SOI) {
    throw new Refused("not a JPEG (no start-of-image marker)");
  }
  const found = [];
  let at = 2, scans = 0;
  for (;;) {
    const start = at;
    while (jpeg[at] === 0xff && jpeg[at + 1] === 0xff) at++;
    if (jpeg[at] !== 0xff || at + 1 >= jpeg.length) {
      throw new Refused(`damaged or cut off (no marker at byte ${at})`);
    }
    const marker = jpeg[at + 1];
    if (marker === EOI) return found;
    if (marker <= 0x01 || (marker >= 0xd0 && marker <= SOI)) {
      throw new Refused(`damaged (a marker out of place at byte ${at})`);
    }
    const length = (jpeg[at + 2] << 8) | jpeg[at + 3];
    const end = at + 2 + length;
    // A length cut off is not a number, and no comparison with it is true.
    if (!(at + 3 < jpeg.length && length >= 2 && end <= jpeg.length) || found.length >= SEGMENTS_MAX) {
      throw new Refused(`damaged or cut off (bad segment at byte ${at})`);
    }
    if (marker === SOS && ++scans > SCANS_MAX) {
      throw new Refused(`more than ${SCANS_MAX} scans, which no encoder writes`);
    }
    const content = jpeg.subarray(at + 4, end);
    at = marker === SOS ? endOfScan(jpeg, end) : end;
    found.push({ marker, content, whole: jpeg.subarray(start, at) });
  }
}

/** Where the first marker behind entropy-coded data is. */
function endOfScan(jpeg, at) {
  for (;;) {
    at = jpeg.indexOf(0xff, at);
    if (at < 0 || at + 1 >= jpeg.length) {
      throw new Refused("cut off (the file ends inside the picture data)");
    }
    const next = jpeg[at + 1];
    if (next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return at;
    at++;
  }
}

/**
 * The segments that the checksum covers and pixels are decoded from.
 * @param {Segment[]} found
 * @returns {Uint8Array[]}
 */
export function codedData(found) {
  return found.filter((segment) => !isMetadata(segment)).map((segment) => segment.whole);
}

/**
 * A JPEG of the coded data alone, so that no metadata has a say in its pixels.
 * @param {Segment[]} found
 * @returns {Blob}
 */
export function codedOnly(found) {
  const ends = [SOI, EOI].map((marker) => Uint8Array.of(0xff, marker));
  return new Blob([ends[0], ...codedData(found), ends[1]], { type: "image/jpeg" });
}

function isMetadata({ marker }) {
  return (marker >= 0xe0 && marker <= 0xef) || marker === COM;
}

/**
 * @param {Segment[]} found
 * @returns {Frame}
 */
export function frame(found) {
  const frames = found.filter(
    ({ marker }) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker),
  );
  if (frames.length !== 1) {
    throw new Refused(`damaged (one frame header is expected, ${frames.length} came)`);
  }
  const { content } = frames[0];
  const components = content[5];
  if (!(content.length >= 6 + 3 * components)) throw new Refused("damaged (a short frame header)");
  if (content[0] !== 8 || (components !== 1 && components !== 3)) {
    throw new Refused(
      `a coded image has 8 bits and 1 or 3 components. ` +
        `Received: ${content[0]} bits and ${components} components`,
    );
  }
  const height = (content[1] << 8) | content[2];
  const width = (content[3] << 8) | content[4];
  if (!height || !width) throw new Refused("damaged (a picture without pixels)");
  const tables = Array.from({ length: components }, (_, i) => content[8 + 3 * i]);
  return { height, width, tables };
}

/**
 * Quantiser steps of the first component and of the second, or twice of the only one.
 * @param {Segment[]} found
 * @returns {[Uint16Array, Uint16Array]} of 64 steps, row by row: v down, u across
 */
export function quantisation(found) {
  const known = new Map();
  for (const { marker, content } of found) {
    if (marker === SOS) break;
    if (marker === DQT) readTables(content, known);
  }
  const { tables } = frame(found);
  return [tables[0], tables[1] ?? tables[0]].map((number) => {
    if (!known.has(number)) throw new Refused("damaged (a quantisation table is missing)");
    return known.get(number);
  });
}

function readTables(content, known) {
  for (let at = 0; at < content.length; ) {
    const bytes = content[at] >> 4 ? 2 : 1;
    const number = content[at++] & 15;
    if (at + 64 * bytes > content.length) throw new Refused("damaged (a short quantisation table)");
    const steps = new Uint16Array(64);
    for (const place of ZIGZAG) {
      steps[place] = bytes === 2 ? (content[at] << 8) | content[at + 1] : content[at];
      at += bytes;
    }
    known.set(number, steps);
  }
}

/**
 * The ICC profile, or null where there is none or a part of it is missing.
 * @param {Segment[]} found
 * @returns {Uint8Array | null}
 */
export function iccProfile(found) {
  const parts = found
    .filter(({ marker, content }) => marker === APP2 && begins(content, ICC))
    .map(({ content }) => content.subarray(ICC.length))
    .filter((part) => part.length > 2)
    .sort((a, b) => a[0] - b[0]);
  const isWhole = parts.length > 0 && parts.length === parts[0][1];
  if (!isWhole || parts.some((part, i) => part[0] !== i + 1)) return null;
  return joined(parts.map((part) => part.subarray(2)));
}

/**
 * What the file says of comrec.
 * @param {Segment[]} found
 * @returns {{isMarked: boolean, isDamaged: boolean, embedded: Uint8Array | null}}
 *   whether it carries the marker, whether something carries it almost, and the sidecar
 *   in its binary form
 */
export function mark(found) {
  const parts = found
    .filter(({ marker, content }) => marker === APP11 && begins(content, MAGIC))
    .map(({ content }) => content.subarray(MAGIC.length));
  const embedded = joined(parts);
  return {
    isMarked: parts.length > 0,
    isDamaged: parts.length === 0 && found.some(isAlmostMarker),
    embedded: embedded.length ? embedded : null,
  };
}

function isAlmostMarker({ marker, content }) {
  if (marker < 0xe0 || marker > 0xef) return false;
  const same = MAGIC.filter((byte, i) => byte === content[i]).length;
  return same >= MAGIC.length - MAGIC_CHANGES;
}

function joined(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
