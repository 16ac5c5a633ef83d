/**
 * Assembles tiles into bands: whole rows of the picture, one row of tiles at a time.
 * @param {{window: number[], pixels: Uint8ClampedArray}[]} tiles row by row; `pixels` is set
 *   to null once copied, to free memory
 * @param {number} width of the picture, in pixels
 * @param {number} channels of the tiles
 * @param {Uint8Array | null} alpha (height, width), becomes the last channel
 * @returns {Generator<Uint8Array>} (rows, width, all channels) each
 */
export function* assembleBands(tiles, width, channels, alpha) {
  const all = channels + (alpha ? 1 : 0);
  for (let from = 0; from < tiles.length; ) {
    const [y0, y1] = tiles[from].window;
    const band = new Uint8Array((y1 - y0) * width * all);
    for (; tiles[from]?.window[0] === y0; from++) {
      copyTile(tiles[from], band, width, channels, all);
      tiles[from].pixels = null;
    }
    if (alpha) {
      const clear = alpha.subarray(y0 * width, y1 * width);
      for (let i = 0; i < clear.length; i++) band[i * all + channels] = clear[i];
    }
    yield band;
  }
}

function copyTile({ window, pixels }, band, width, channels, all) {
  const [y0, y1, x0, x1] = window;
  const stride = (x1 - x0) * channels;
  for (let y = 0; y < y1 - y0; y++) {
    const row = pixels.subarray(y * stride, (y + 1) * stride);
    let to = (y * width + x0) * all;
    if (all === channels) {
      band.set(row, to);
      continue;
    }
    for (let i = 0; i < row.length; to += all) {
      for (let c = 0; c < channels; c++) band[to + c] = row[i++];
    }
  }
}
