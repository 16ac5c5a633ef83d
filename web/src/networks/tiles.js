// Cutting a picture into tiles whose borders do not show.

import { source } from "./resample.js";

const STEP_PX = 16; // tiles start at multiples of it, so at those of a network's too
const LEAST_PX = 128; // of a side; in smaller ones there is more halo than tile
const MOST_PX = 512;

/**
 * @typedef {[number, number, number, number]} Window y0, y1, x0, x1; ends left out
 *
 * @typedef {object} Tile
 * @property {Window} window of the picture, that the tile is for
 * @property {Window} seen by the network, with what it looks to each side
 * @property {Window} padded seen, higher and wider to sides that the network takes
 * @property {Window} cut of the compact image, that it is made of
 */

/**
 * Tiles of about one size that cover a picture, row by row.
 * @param {{height: number, width: number}} picture in pixels
 * @param {{height: number, width: number}} compact in pixels
 * @param {number} scale
 * @param {{multiple_px: number, reach_px: number}} network
 * @param {number} workers that share them
 * @returns {Tile[]}
 */
export function tiles(picture, compact, scale, network, workers) {
  const { height, width } = picture;
  let sidePx = MOST_PX;
  const count = () => Math.ceil(height / sidePx) * Math.ceil(width / sidePx);
  while (sidePx > LEAST_PX && count() < workers) sidePx /= 2;
  const rows = intervals(picture.height, compact.height, scale, network, sidePx);
  const columns = intervals(picture.width, compact.width, scale, network, sidePx);
  const joint = (name) => (row, column) => [...row[name], ...column[name]];
  const names = ["window", "seen", "padded", "cut"];
  return rows.flatMap((row) =>
    columns.map((column) =>
      Object.fromEntries(names.map((name) => [name, joint(name)(row, column)])),
    ),
  );
}

function intervals(length, compact, scale, { multiple_px, reach_px }, sidePx) {
  const side = even(length, sidePx);
  const reach = upTo(reach_px, multiple_px);
  const made = [];
  for (let start = 0; start < length; start += side) {
    const stop = Math.min(start + side, length);
    const low = Math.max(start - reach, 0);
    const high = Math.min(stop + reach, length);
    // The end of a picture is where it is for the whole: networks see zeros behind it.
    const end = low + upTo(high - low, multiple_px);
    const seen = [low, Math.min(end, length)];
    made.push({
      window: [start, stop],
      seen,
      padded: [low, end],
      cut: source(...seen, compact, scale),
    });
  }
  return made;
}

/** At most `sidePx`, so that no last tile is a sliver. */
function even(length, sidePx) {
  const count = Math.ceil(length / Math.max(sidePx - (sidePx % STEP_PX), STEP_PX));
  return upTo(Math.ceil(length / count), STEP_PX);
}

function upTo(length, step) {
  return Math.ceil(length / step) * step;
}
