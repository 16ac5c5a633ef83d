// Plans the tiles of a picture so that their borders are invisible.

import { findSource } from "./resample.js";

const STEP_PX = 16; // tiles start at its multiples, which are also multiples of `multiple_px`
const SIDE_MIN_PX = 128; // smaller tiles have more halo than pixels of their own
const SIDE_MAX_PX = 512;

/**
 * @typedef {[number, number, number, number]} Window y0, y1, x0, x1; y1 and x1 are exclusive
 *
 * @typedef {object} Tile
 * @property {Window} window of the picture, the pixels that the tile restores
 * @property {Window} seen `window` with its halo, the pixels that the network depends on
 * @property {Window} padded `seen`, extended to multiples of `multiple_px`
 * @property {Window} cut of the compact image, the pixels that `seen` is enlarged from
 */

/**
 * Plans tiles of about the same size that cover a picture, row by row.
 * @param {{height: number, width: number}} picture in pixels
 * @param {{height: number, width: number}} compact in pixels
 * @param {number} scale
 * @param {{multiple_px: number, reach_px: number}} network
 * @param {number} workers that share the tiles
 * @returns {Tile[]}
 */
export function planTiles(picture, compact, scale, network, workers) {
  const { height, width } = picture;
  let sidePx = SIDE_MAX_PX;
  const count = () => Math.ceil(height / sidePx) * Math.ceil(width / sidePx);
  while (sidePx > SIDE_MIN_PX && count() < workers) sidePx /= 2;
  const rows = planIntervals(picture.height, compact.height, scale, network, sidePx);
  const columns = planIntervals(picture.width, compact.width, scale, network, sidePx);
  const join = (name) => (row, column) => [...row[name], ...column[name]];
  const names = ["window", "seen", "padded", "cut"];
  return rows.flatMap((row) =>
    columns.map((column) =>
      Object.fromEntries(names.map((name) => [name, join(name)(row, column)])),
    ),
  );
}

/** Plans the tiles along one axis: of each, the four intervals of a `Tile`. */
function planIntervals(length, compact, scale, { multiple_px, reach_px }, sidePx) {
  const side = chooseSide(length, sidePx);
  const reach = roundUp(reach_px, multiple_px);
  const intervals = [];
  for (let start = 0; start < length; start += side) {
    const stop = Math.min(start + side, length);
    const low = Math.max(start - reach, 0);
    const high = Math.min(stop + reach, length);
    // The padding ends where that of the whole picture does: networks see zeros beyond it.
    const end = low + roundUp(high - low, multiple_px);
    const seen = [low, Math.min(end, length)];
    intervals.push({
      window: [start, stop],
      seen,
      padded: [low, end],
      cut: findSource(...seen, compact, scale),
    });
  }
  return intervals;
}

/** Chooses the side of the tiles, `sidePx` at most, so that the last is about as wide. */
function chooseSide(length, sidePx) {
  const count = Math.ceil(length / Math.max(sidePx - (sidePx % STEP_PX), STEP_PX));
  return roundUp(Math.ceil(length / count), STEP_PX);
}

function roundUp(length, step) {
  return Math.ceil(length / step) * step;
}
