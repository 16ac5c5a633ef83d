// Reads the segments of a JPEG: coded data, and the parts that docs/format.md defines.

import { Refused } from "../errors.js";

const SOI = 0xd8, EOI = 0xd9, SOS = 0xda, DQT = 0xdb, COM = 0xfe;
const APP0 = 0xe0, APP2 = 0xe2, APP11 = 0xeb, APP14 = 0xee;
const SEGMENTS_MAX = 100_000;
const SCANS_MAX = 100;
const MAGIC = encodeAscii("comrec\0");
const ICC = encodeAscii("ICC_PROFILE\0");
const JFIF = encodeAscii("JFIF\0"), ADOBE = encodeAscii("Adobe");
const MAGIC_CHANGES_MAX = 2; // bytes that may differ in a damaged marker
// prettier-ignore
const ZIGZAG = [
   0,  1,  8, 16,  9,  2,  3, 10, 17, 24, 32, 25, 18, 11,  4,  5,
  12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13,  6,  7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
  58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/**
 * @typedef {{marker: number, content: Uint8Array, whole: Uint8Array}} Segment
 *   `content` lacks marker and length; `whole` has both, and a scan's entropy-coded data
 * @typedef {{height: number, width: number, tables: number[], factors: [number, number][]}}
 *   Frame size in pixels; of each component, the number of its quantisation table, and how
 *   often it is sampled across and down
 */

function encodeAscii(text) {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function startsWith(content, prefix) {
  return content.length >= prefix.length && prefix.every((byte, i) => byte === content[i]);
}

/**
 * Splits a file into its segments, without SOI and EOI. Bytes after EOI are ignored.
 * @param {Uint8Array} jpeg
 * @returns {Segment[]} views of the file
 * @throws {Refused} if the file is no JPEG, damaged or cut off
 */
export function splitSegments(jpeg) {
  if (jpeg[0] !== 0xff || jpeg[1] !== SOI) {
    throw new Refused("not a JPEG (no start-of-image marker)");
  }
  const found = [];
  let at = 2, scans = 0;
  for (;;) {
    const start = at;
    at = passFill(jpeg, at, scans === 0);
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
    const isInside = at + 3 < jpeg.length && length >= 2 && end <= jpeg.length;
    if (!isInside || found.length >= SEGMENTS_MAX) {
      throw new Refused(`damaged or cut off (bad segment at byte ${at})`);
    }
    if (marker === SOS && ++scans > SCANS_MAX) {
      throw new Refused(`more than ${SCANS_MAX} scans, which no encoder writes`);
    }
    const content = jpeg.subarray(at + 4, end);
    at = marker === SOS ? findEndOfScan(jpeg, end) : end;
    found.push({ marker, content, whole: jpeg.subarray(start, at) });
  }
}

/**
 * Passes over bytes before a marker that belong to no segment, as libjpeg does. In the header
 * these include 255 with 0; after the first scan those are coded data.
 */
function passFill(jpeg, at, isHeader) {
  for (;;) {
    at = jpeg.indexOf(0xff, at);
    if (at < 0) return jpeg.length;
    while (jpeg[at + 1] === 0xff) at++;
    if (!isHeader || jpeg[at + 1] !== 0) return at;
    at += 2;
  }
}

/** Finds the first marker after entropy-coded data. */
function findEndOfScan(jpeg, at) {
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
 * Selects the segments that pixels are decoded from. The checksum covers them.
 * @param {Segment[]} found
 * @returns {Uint8Array[]}
 */
export function selectCodedData(found) {
  return found.filter((segment) => !isMetadata(segment)).map((segment) => segment.whole);
}

/**
 * Builds a JPEG of the coded data alone, so that no metadata alters the decoded pixels.
 * @param {Segment[]} found
 * @returns {Blob}
 */
export function buildCodedJpeg(found) {
  return buildJpeg(selectCodedData(found));
}

/**
 * Builds a JPEG of the coded data and of the headers that say how colours are coded, which
 * other encoders than comrec's need.
 * @param {Segment[]} found
 * @returns {Blob}
 */
export function buildJpegInItsColours(found) {
  const kept = found.filter((segment) => !isMetadata(segment) || isColourHeader(segment));
  return buildJpeg(kept.map((segment) => segment.whole));
}

function buildJpeg(parts) {
  const ends = [SOI, EOI].map((marker) => Uint8Array.of(0xff, marker));
  return new Blob([ends[0], ...parts, ends[1]], { type: "image/jpeg" });
}

function isColourHeader({ marker, content }) {
  return (marker === APP0 && startsWith(content, JFIF)) ||
    (marker === APP14 && startsWith(content, ADOBE));
}

function isMetadata({ marker }) {
  return (marker >= 0xe0 && marker <= 0xef) || marker === COM;
}

/**
 * Reads the frame header.
 * @param {Segment[]} found
 * @returns {Frame}
 * @throws {Refused} if the header is damaged, or of a kind that is not restored
 */
export function readFrame(found) {
  const { height, width } = readSize(found);
  const content = findFrame(found);
  const components = content[5];
  if (content[0] !== 8 || (components !== 1 && components !== 3)) {
    throw new Refused(
      `only JPEGs of 8 bits and 1 or 3 components are restored. ` +
        `Received: ${content[0]} bits and ${components} components`,
    );
  }
  const ofComponents = Array.from({ length: components }, (_, i) => 7 + 3 * i);
  return {
    height, width,
    tables: ofComponents.map((at) => content[at + 1]),
    factors: ofComponents.map((at) => [content[at] >> 4, content[at] & 15]),
  };
}

/**
 * Reads the size of any JPEG.
 * @param {Segment[]} found
 * @returns {{height: number, width: number}} in pixels
 * @throws {Refused} if the frame header is damaged
 */
export function readSize(found) {
  const content = findFrame(found);
  const height = (content[1] << 8) | content[2];
  const width = (content[3] << 8) | content[4];
  if (!height || !width) throw new Refused("damaged (a picture without pixels)");
  return { height, width };
}

function findFrame(found) {
  const frames = found.filter(
    ({ marker }) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker),
  );
  if (frames.length !== 1) {
    throw new Refused(`damaged (one frame header is expected, ${frames.length} came)`);
  }
  const { content } = frames[0];
  if (!(content.length >= 6 + 3 * content[5])) throw new Refused("damaged (a short frame header)");
  return content;
}

/**
 * Reads the quantiser steps of the first and the second component. A single component's
 * steps are returned twice.
 * @param {Segment[]} found
 * @returns {[Uint16Array, Uint16Array]} 64 steps each, row by row: v down, u across
 * @throws {Refused} if a table is missing or damaged
 */
export function readQuantisation(found) {
  const known = new Map();
  for (const { marker, content } of found) {
    if (marker === SOS) break;
    if (marker === DQT) readTables(content, known);
  }
  const { tables } = readFrame(found);
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
 * Joins the parts of the ICC profile.
 * @param {Segment[]} found
 * @returns {Uint8Array | null} null where the file has no profile, or not all of its parts
 */
export function readIccProfile(found) {
  const parts = found
    .filter(({ marker, content }) => marker === APP2 && startsWith(content, ICC))
    .map(({ content }) => content.subarray(ICC.length))
    .filter((part) => part.length > 2)
    .sort((a, b) => a[0] - b[0]);
  const isWhole = parts.length > 0 && parts.length === parts[0][1];
  if (!isWhole || parts.some((part, i) => part[0] !== i + 1)) return null;
  return concatenate(parts.map((part) => part.subarray(2)));
}

/**
 * Reads comrec's marker, and the sidecar embedded after it.
 * @param {Segment[]} found
 * @returns {{isMarked: boolean, isDamaged: boolean, embedded: Uint8Array | null}}
 *   whether the file has the marker, whether it has a segment that resembles a damaged one,
 *   and the sidecar in its binary form
 */
export function readMarker(found) {
  const parts = found
    .filter(({ marker, content }) => marker === APP11 && startsWith(content, MAGIC))
    .map(({ content }) => content.subarray(MAGIC.length));
  const embedded = concatenate(parts);
  return {
    isMarked: parts.length > 0,
    isDamaged: parts.length === 0 && found.some(isAlmostMarker),
    embedded: embedded.length ? embedded : null,
  };
}

function isAlmostMarker({ marker, content }) {
  if (marker < 0xe0 || marker > 0xef) return false;
  const same = MAGIC.filter((byte, i) => byte === content[i]).length;
  return same >= MAGIC.length - MAGIC_CHANGES_MAX;
}

function concatenate(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
