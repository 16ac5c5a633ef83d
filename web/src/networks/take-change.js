import { findKind } from "./gates.js";
import { LUMA } from "./restore-tile.js";

const SIDE = 8; // of a block
/** The orthonormal DCT, by frequency and sample. */
const DCT = Array.from({ length: SIDE }, (_, frequency) =>
  Float64Array.from({ length: SIDE }, (_, sample) => {
    const norm = frequency ? 0.5 : Math.SQRT1_2 / 2;
    return norm * Math.cos((Math.PI * (2 * sample + 1) * frequency) / (2 * SIDE));
  }));

/**
 * Takes the share of the network's change of a tile that a decision allows.
 * @param {Uint8ClampedArray} pixels the restored tile, (rows, columns, channels)
 * @param {import("./tiles.js").Tile} tile of a picture at scale 1, from the corner of a block
 * @param {Uint8Array} part the tile's cut of the decoded JPEG
 * @param {{channels: number, lumaSteps: Uint16Array}} coded steps of luma, (8, 8) by rows
 * @param {import("./gates.js").Decision} decision
 * @returns {Uint8ClampedArray} the tile's window
 */
export function takeChange(pixels, tile, part, { channels, lumaSteps }, { luma, chroma }) {
  const [y0, y1, x0, x1] = tile.window;
  const [top, , left, right] = tile.cut;
  const width = x1 - x0;
  const before = (y, x) => ((y + y0 - top) * (right - left) + x + x0 - left) * channels;
  const taken = new Uint8ClampedArray(pixels.length);
  const levels = new Float64Array(SIDE * SIDE);
  for (let top = 0; top < y1 - y0; top += SIDE) {
    for (let left = 0; left < width; left += SIDE) {
      for (let i = 0; i < levels.length; i++) {
        const y = Math.min(top + (i >> 3), y1 - y0 - 1);
        levels[i] = readLuma(part, before(y, Math.min(left + (i & 7), width - 1)), channels);
      }
      const kind = findKind(countKept(levels, lumaSteps));
      const shares = [luma[kind], chroma[kind]];
      for (let y = top; y < Math.min(top + SIDE, y1 - y0); y++) {
        for (let x = left; x < Math.min(left + SIDE, width); x++) {
          takePixel(taken, pixels, (y * width + x) * channels, part, before(y, x), channels, shares);
        }
      }
    }
  }
  return taken;
}

function takePixel(taken, pixels, at, part, from, channels, [ofLuma, ofChroma]) {
  const change = [0, 1, 2].map((c) => (c < channels ? pixels[at + c] - part[from + c] : 0));
  const luma = channels === 1
    ? change[0] : LUMA[0] * change[0] + LUMA[1] * change[1] + LUMA[2] * change[2];
  for (let c = 0; c < channels; c++) {
    taken[at + c] = part[from + c] + ofLuma * luma + ofChroma * (change[c] - luma);
  }
}

function readLuma(part, at, channels) {
  if (channels === 1) return part[at];
  return LUMA[0] * part[at] + LUMA[1] * part[at + 1] + LUMA[2] * part[at + 2];
}

/** Counts the AC coefficients of a block that its JPEG kept. */
function countKept(levels, lumaSteps) {
  const rows = new Float64Array(SIDE * SIDE);
  for (let y = 0; y < SIDE; y++) {
    for (let u = 0; u < SIDE; u++) {
      for (let x = 0; x < SIDE; x++) rows[y * SIDE + u] += DCT[u][x] * levels[y * SIDE + x];
    }
  }
  let count = 0;
  for (let at = 1; at < SIDE * SIDE; at++) {
    const [v, u] = [at >> 3, at & 7];
    let coefficient = 0;
    for (let y = 0; y < SIDE; y++) coefficient += DCT[v][y] * rows[y * SIDE + u];
    if (Math.abs(coefficient) > lumaSteps[at] / 2) count++;
  }
  return count;
}
