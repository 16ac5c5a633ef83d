// Restores one tile: uint8 pixels of the compact image to uint8 pixels of the picture.

import { Refused } from "../errors.js";
import { enlarge } from "./resample.js";

/** Shares of R, G and B in luma. */
export const LUMA = [0.299, 0.587, 0.114];

/**
 * Enlarges a tile, computes its residual and adds it.
 * @param {import("./tiles.js").Tile} tile
 * @param {Uint8Array} part the tile's cut of the compact image, (rows, columns, channels)
 * @param {{channels: number, size: [number, number], scale: number,
 *   condition: Float32Array}} coded channels and (h, w) of the whole compact image
 * @param {{computeResidual(image: Float32Array, height: number, width: number,
 *   condition: Float32Array): Promise<Float32Array>}} network on (h, w, 3) in [0, 1]
 * @returns {Promise<Uint8ClampedArray>} the tile's window, (rows, columns, channels)
 */
export async function restoreTile(tile, part, coded, network) {
  const { channels, size, scale, condition } = coded;
  const enlarged = enlarge(part, channels, tile.seen, size, scale);
  const [y0, y1, x0, x1] = tile.padded;
  const image = pad(enlarged, channels, tile.seen, tile.padded);
  const residual = await network.computeResidual(image, y1 - y0, x1 - x0, condition);
  return addResidual(image, residual, tile, channels);
}

/**
 * Extends `seen` to `padded` by repeating the last row and column, and grey to RGB:
 * (h, w, 1 or 3) becomes (H, W, 3).
 */
function pad(enlarged, channels, seen, padded) {
  const [height, width] = getSize(seen);
  const [high, wide] = getSize(padded);
  if (channels === 3 && height === high && width === wide) return enlarged;
  const image = new Float32Array(high * wide * 3);
  let to = 0;
  for (let y = 0; y < high; y++) {
    const row = Math.min(y, height - 1) * width;
    for (let x = 0; x < wide; x++) {
      const from = (row + Math.min(x, width - 1)) * channels;
      for (let c = 0; c < 3; c++) image[to++] = enlarged[from + (channels === 3 ? c : 0)];
    }
  }
  return image;
}

/** Adds the residual within the tile's window, and rounds to grey levels. */
function addResidual(image, residual, tile, channels) {
  const [height, width] = getSize(tile.window);
  const wide = getSize(tile.padded)[1];
  const [top, left] = [tile.window[0] - tile.padded[0], tile.window[2] - tile.padded[2]];
  // A clamped array rounds to the nearest integer, halves to even, and clips.
  const pixels = new Uint8ClampedArray(height * width * channels);
  const add = (at) => Math.fround(image[at] + residual[at]);
  let to = 0, total = 0;
  for (let y = 0; y < height; y++) {
    let at = ((top + y) * wide + left) * 3;
    for (let x = 0; x < width; x++, at += 3) {
      const r = add(at), g = add(at + 1), b = add(at + 2);
      total += r + g + b;
      if (channels === 1) {
        pixels[to++] = toLevel(LUMA[0] * r + LUMA[1] * g + LUMA[2] * b);
      } else {
        pixels[to++] = toLevel(r);
        pixels[to++] = toLevel(g);
        pixels[to++] = toLevel(b);
      }
    }
  }
  if (!Number.isFinite(total)) throw new Refused("the network's answer is not a number");
  return pixels;
}

/** Converts [0, 1] to [0, 255], rounded to float32 at each step as in Python. */
function toLevel(value) {
  return Math.fround(Math.fround(value) * 255);
}

function getSize([y0, y1, x0, x1]) {
  return [y1 - y0, x1 - x0];
}
