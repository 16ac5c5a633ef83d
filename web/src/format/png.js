// A PNG of 8 bits a channel, written band by band.

import { crc32 } from "./crc32.js";

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const COLOUR_TYPES = { 1: 0, 2: 4, 3: 2, 4: 6 }; // by channels: grey, +alpha, RGB, +alpha
const SUB = 1, UP = 2, PAETH = 4;

/**
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
  const parts = [SIGNATURE, ...chunk("IHDR", new Uint8Array(header.buffer))];
  if (icc) {
    const name = new TextEncoder().encode("ICC profile\0\0");
    const packed = await new Blob([name, ...(await deflated([icc]))]).arrayBuffer();
    parts.push(...chunk("iCCP", new Uint8Array(packed)));
  }
  for (const data of await deflated(filtered(bands, width * channels, channels))) {
    parts.push(...chunk("IDAT", data));
  }
  parts.push(...chunk("IEND", new Uint8Array()));
  return new Blob(parts, { type: "image/png" });
}

function chunk(type, data) {
  const name = new TextEncoder().encode(type);
  return [number(data.length), name, data, number(crc32(data, crc32(name)))];
}

function number(value) {
  const bytes = new DataView(new ArrayBuffer(4));
  bytes.setUint32(0, value);
  return new Uint8Array(bytes.buffer);
}

async function deflated(pieces) {
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

/** Each row behind the number of the filter that leaves the least. */
function* filtered(bands, stride, channels) {
  // Rows with the black pixel to their left that filters count on.
  const pad = new Uint8Array(channels + stride);
  let above = pad, row = pad.slice();
  const left = [SUB, UP, PAETH].map((kind) => ({ kind, bytes: new Uint8Array(stride), sum: 0 }));
  for (const band of bands) {
    const rows = band.length / stride;
    const out = new Uint8Array(rows * (stride + 1));
    for (let y = 0; y < rows; y++) {
      row.set(band.subarray(y * stride, (y + 1) * stride), channels);
      filter(row, above, channels, left);
      const best = left.reduce((a, b) => (b.sum < a.sum ? b : a));
      out[y * (stride + 1)] = best.kind;
      out.set(best.bytes, y * (stride + 1) + 1);
      [row, above] = [above === pad ? pad.slice() : above, row];
    }
    yield out;
  }
}

/** What each filter leaves of a row, and the sum of that as signed bytes without the sign. */
function filter(row, above, channels, left) {
  const [sub, up, paeths] = left.map(({ bytes }) => bytes);
  let ofSub = 0, ofUp = 0, ofPaeth = 0;
  for (let i = 0, at = channels; at < row.length; i++, at++) {
    const value = row[at], a = row[i], b = above[at];
    const s = (sub[i] = value - a), u = (up[i] = value - b);
    const p = (paeths[i] = value - paeth(a, b, above[i]));
    ofSub += Math.abs((s << 24) >> 24);
    ofUp += Math.abs((u << 24) >> 24);
    ofPaeth += Math.abs((p << 24) >> 24);
  }
  [ofSub, ofUp, ofPaeth].forEach((sum, k) => (left[k].sum = sum));
}

function paeth(a, b, c) {
  const pa = Math.abs(b - c), pb = Math.abs(a - c), pc = Math.abs(a + b - 2 * c);
  if (pa <= pb && pa <= pc) return a;
  return pb <= pc ? b : c;
}
