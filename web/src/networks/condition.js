/**
 * What RecCNN is told besides pixels: how coarse the JPEG is, and the scale.
 * @param {[Uint16Array, Uint16Array]} tables quantiser steps, as `quantisation` gives them
 * @param {number} scale
 * @returns {Float32Array} (5,): mean log2 of the steps of the first table's low and other
 *   frequencies, the same of the second, each about [-1, 1], and log2 of the scale
 */
export function condition(tables, scale) {
  const told = tables.flatMap((steps) => [mean(steps, true), mean(steps, false)]);
  return Float32Array.of(...told, Math.log2(scale));
}

function mean(steps, isLow) {
  const chosen = Array.from(steps).filter((_, i) => (i >> 3) + (i & 7) < 4 === isLow);
  const sum = chosen.reduce((total, q) => total + (Math.log2(Math.max(q, 1)) - 4) / 4, 0);
  return sum / chosen.length;
}
