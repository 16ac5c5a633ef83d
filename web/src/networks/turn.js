// Turns a restored picture upright, tile by tile.

const SWAPS_SIDES = 5; // of the orientations, which EXIF numbers 1 to 8, the first that does
const FLIPS_ROWS = [3, 4, 6, 7];
const FLIPS_COLUMNS = [2, 3, 7, 8];

/**
 * Computes the size of an upright picture.
 * @param {{height: number, width: number}} size in pixels, before the turn
 * @param {number} orientation as EXIF numbers it
 * @returns {{height: number, width: number}}
 */
export function turnSize({ height, width }, orientation) {
  return orientation < SWAPS_SIDES ? { height, width } : { height: width, width: height };
}

/**
 * Turns the tiles of a picture upright.
 * @param {{window: number[], pixels: Uint8ClampedArray}[]} tiles `pixels` is set to null once
 *   turned, to free memory
 * @param {{height: number, width: number}} size of the picture before the turn, in pixels
 * @param {number} channels
 * @param {number} orientation as EXIF numbers it
 * @returns {{window: number[], pixels: Uint8ClampedArray}[]} row by row of the upright picture
 */
export function turnTiles(tiles, size, channels, orientation) {
  if (orientation === 1) return tiles;
  const turned = tiles.map((tile) => {
    const { window, pixels } = tile;
    tile.pixels = null;
    return {
      window: turnWindow(window, size, orientation),
      pixels: turnPixels(pixels, window, channels, orientation),
    };
  });
  return turned.sort(({ window: a }, { window: b }) => a[0] - b[0] || a[2] - b[2]);
}

function turnWindow([y0, y1, x0, x1], { height, width }, orientation) {
  const rows = FLIPS_ROWS.includes(orientation) ? [height - y1, height - y0] : [y0, y1];
  const columns = FLIPS_COLUMNS.includes(orientation) ? [width - x1, width - x0] : [x0, x1];
  return orientation < SWAPS_SIDES ? [...rows, ...columns] : [...columns, ...rows];
}

function turnPixels(pixels, [y0, y1, x0, x1], channels, orientation) {
  const rows = y1 - y0, columns = x1 - x0;
  const upright = turnSize({ height: rows, width: columns }, orientation);
  const isSwapped = orientation >= SWAPS_SIDES;
  const flipsRows = FLIPS_ROWS.includes(orientation);
  const flipsColumns = FLIPS_COLUMNS.includes(orientation);
  const turned = new Uint8ClampedArray(pixels.length);
  let to = 0;
  for (let y = 0; y < upright.height; y++) {
    for (let x = 0; x < upright.width; x++) {
      const row = isSwapped ? x : y, column = isSwapped ? y : x;
      const fromRow = flipsRows ? rows - 1 - row : row;
      const fromColumn = flipsColumns ? columns - 1 - column : column;
      let from = (fromRow * columns + fromColumn) * channels;
      for (let c = 0; c < channels; c++) turned[to++] = pixels[from++];
    }
  }
  return turned;
}
