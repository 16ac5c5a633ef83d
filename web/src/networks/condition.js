/**
 * Computes RecCNN's second input: how coarsely the JPEG is quantised, and the scale.
 * @param {[Uint16Array, Uint16Array]} tables quantiser steps, 64 each, row by row
 * @param {number} scale
 * @returns {Float32Array} (5,): mean log2 of the first table's steps at low frequencies and
 *   at all others, the same of the second table, each about [-1, 1], and log2 of the scale
 */
export function computeCondition(tables, scale) {
  const means = tables.flatMap((steps) => [computeMean(steps, true), computeMean(steps, false)]);
  return Float32Array.of(...means, Math.log2(scale));
}

/** Averages log2 of the steps at low frequencies, or at all others, mapped to about [-1, 1]. */
function computeMean(steps, isLow) {
  const chosen = Array.from(steps).filter((_, i) => (i >> 3) + (i & 7) < 4 === isLow);
  const sum = chosen.reduce((total, q) => total + (Math.log2(Math.max(q, 1)) - 4) / 4, 0);
  return sum / chosen.length;
}
