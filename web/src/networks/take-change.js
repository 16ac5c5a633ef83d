import { LUMA } from "./restore-tile.js";

/**
 * Takes the part of the network's change of a tile that a decision allows.
 * @param {Uint8ClampedArray} pixels the restored tile, (rows, columns, channels)
 * @param {import("./tiles.js").Tile} tile of a picture at scale 1
 * @param {Uint8Array} part the tile's cut of the decoded JPEG
 * @param {number} channels
 * @param {import("./gates.js").Decision} decision
 * @returns {Uint8ClampedArray} the tile's window
 */
export function takeChange(pixels, tile, part, channels, { luma, chroma }) {
  if (channels === 1 || (luma && chroma)) return pixels;
  const [y0, y1, x0, x1] = tile.window;
  const [top, , left, right] = tile.cut;
  const taken = new Uint8ClampedArray(pixels.length);
  let at = 0;
  for (let y = y0; y < y1; y++) {
    let from = ((y - top) * (right - left) + x0 - left) * channels;
    for (let x = x0; x < x1; x++, at += 3, from += 3) {
      const change = [0, 1, 2].map((c) => pixels[at + c] - part[from + c]);
      const ofLuma = LUMA[0] * change[0] + LUMA[1] * change[1] + LUMA[2] * change[2];
      for (let c = 0; c < 3; c++) {
        taken[at + c] = part[from + c] + (luma ? ofLuma : change[c] - ofLuma);
      }
    }
  }
  return taken;
}
