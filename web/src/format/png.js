// Encodes PNGs of 8 bits a channel, band by band.

import { crc32 } from "./crc32.js";

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const COLOUR_TYPES = { 1: 0, 2: 4, 3: 2, 4: 6 }; // by channels: grey, grey and alpha, RGB, RGBA
const SUB = 1, UP = 2, PAETH = 4; // filter types

/**
 * Encodes a picture.
 * @param {{height: number, width: number, channels: number, icc: Uint8Array | null}} picture
 *   size in pixels; 1 to 4 channels
 * @param {Iterable<Uint8Array>} bands of whole rows, top to bottom
 * @returns {Promise<Blob>}
 */
export async function encodePng({ height, width, channels, icc }, bands) {
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, 8);
  header.setUint8(9, COLOUR_TYPES[channels]);
  const parts = [SIGNATURE, ...makeChunk("IHDR", new Uint8Array(header.buffer))];
  if (icc) {
    const name = new TextEncoder().encode("ICC profile\0\0");
    const packed = await new Blob([name, ...(await deflate([icc]))]).arrayBuffer();
    parts.push(...makeChunk("iCCP", new Uint8Array(packed)));
  }
  for (const data of await deflate(filterRows(bands, width * channels, channels))) {
    parts.push(...makeChunk("IDAT", data));
  }
  parts.push(...makeChunk("IEND", new Uint8Array()));
  return new Blob(parts, { type: "image/png" });
}

function makeChunk(type, data) {
  const name = new TextEncoder().encode(type);
  return [encodeUint32(data.length), name, data, encodeUint32(crc32(data, crc32(name)))];
}

function encodeUint32(value) {
  const bytes = new DataView(new ArrayBuffer(4));
  bytes.setUint32(0, value);
  return new Uint8Array(bytes.buffer);
}

async function deflate(pieces) {
  const stream = new CompressionStream("deflate");
  const writing = write(stream.writable.getWriter(), pieces);
  const [packed] = await Promise.all([read(stream.readable.getReader()), writing]);
  return packed;
}

async function write(writer, pieces) {
  try {
    for (const piece of pieces) await writer.write(piece);
    await writer.close();
  } catch (error) {
    await writer.abort(error).catch(() => {});
    throw error;
  }
}

async function read(reader) {
  const packed = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return packed;
    packed.push(value);
  }
}

/** Filters each row by the filter with the smallest sum, and puts the filter's type before it. */
function* filterRows(bands, stride, channels) {
  // Filters expect a black pixel to the left of each row.
  const pad = new Uint8Array(channels + stride);
  let above = pad, row = pad.slice();
  const results = [SUB, UP, PAETH].map((type) => ({ type, bytes: new Uint8Array(stride), sum: 0 }));
  for (const band of bands) {
    const rows = band.length / stride;
    const out = new Uint8Array(rows * (stride + 1));
    for (let y = 0; y < rows; y++) {
      row.set(band.subarray(y * stride, (y + 1) * stride), channels);
      applyFilters(row, above, channels, results);
      const best = results.reduce((a, b) => (b.sum < a.sum ? b : a));
      out[y * (stride + 1)] = best.type;
      out.set(best.bytes, y * (stride + 1) + 1);
      [row, above] = [above === pad ? pad.slice() : above, row];
    }
    yield out;
  }
}

/** Applies every filter to a row, and sums the absolute values of the results as signed bytes. */
function applyFilters(row, above, channels, results) {
  const [sub, up, paeths] = results.map(({ bytes }) => bytes);
  let ofSub = 0, ofUp = 0, ofPaeth = 0;
  for (let i = 0, at = channels; at < row.length; i++, at++) {
    const value = row[at], a = row[i], b = above[at];
    const s = (sub[i] = value - a), u = (up[i] = value - b);
    const p = (paeths[i] = value - predictPaeth(a, b, above[i]));
    ofSub += Math.abs((s << 24) >> 24);
    ofUp += Math.abs((u << 24) >> 24);
    ofPaeth += Math.abs((p << 24) >> 24);
  }
  [ofSub, ofUp, ofPaeth].forEach((sum, k) => (results[k].sum = sum));
}

function predictPaeth(a, b, c) {
  const pa = Math.abs(b - c), pb = Math.abs(a - c), pc = Math.abs(a + b - 2 * c);
  if (pa <= pb && pa <= pc) return a;
  return pb <= pc ? b : c;
}
