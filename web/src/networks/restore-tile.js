// One tile: from uint8 parts of the compact image to uint8 pixels of the picture.

import { Refused } from "../errors.js";
import { enlarge } from "./resample.js";

const LUMA = [0.299, 0.587, 0.114];

/**
 * @param {import("./tiles.js").Tile} tile
 * @param {Uint8Array} part the tile's cut of the compact image, (rows, columns, channels)
 * @param {{channels: number, size: [number, number], scale: number,
 *   condition: Float32Array}} coded channels and (h, w) of the whole compact image
 * @param {{residual(image: Float32Array, height: number, width: number,
 *   condition: Float32Array): Promise<Float32Array>}} network on (h, w, 3) in [0, 1]
 * @returns {Promise<Uint8ClampedArray>} the tile's window, (rows, columns, channels)
 */
export async function restoreTile(tile, part, coded, network) {
  const { channels, size, scale, condition } = coded;
  const enlarged = enlarge(part, channels, tile.seen, size, scale);
  const [y0, y1, x0, x1] = tile.padded;
  const image = edged(enlarged, channels, tile.seen, tile.padded);
  const residual = await network.residual(image, y1 - y0, x1 - x0, condition);
  return finished(image, residual, tile, channels);
}

/** (h, w, 1 or 3) to (H, W, 3): the last row and column repeated, grey three times. */
function edged(enlarged, channels, seen, padded) {
  const [height, width] = sizeOf(seen);
  const [high, wide] = sizeOf(padded);
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

function finished(image, residual, tile, channels) {
  const [height, width] = sizeOf(tile.window);
  const wide = sizeOf(tile.padded)[1];
  const [top, left] = [tile.window[0] - tile.padded[0], tile.window[2] - tile.padded[2]];
  // It rounds to the nearest whole number, halves to even, and clips.
  const pixels = new Uint8ClampedArray(height * width * channels);
  const sum = (at) => Math.fround(image[at] + residual[at]);
  let to = 0, total = 0;
  for (let y = 0; y < height; y++) {
    let at = ((top + y) * wide + left) * 3;
    for (let x = 0; x < width; x++, at += 3) {
      const r = sum(at), g = sum(at + 1), b = sum(at + 2);
      total += r + g + b;
      if (channels === 1) {
        pixels[to++] = level(LUMA[0] * r + LUMA[1] * g + LUMA[2] * b);
      } else {
        pixels[to++] = level(r);
        pixels[to++] = level(g);
        pixels[to++] = level(b);
      }
    }
  }
  if (!Number.isFinite(total)) throw new Refused("the network's answer is not a number");
  return pixels;
}

function level(value) {
  return Math.fround(Math.fround(value) * 255);
}

function sizeOf([y0, y1, x0, x1]) {
  return [y1 - y0, x1 - x0];
}
