// Decides which share of the network's change brings an ordinary JPEG closer to its
// picture, as comrec/networks/gates.py does.

/**
 * @typedef {[number, number, number[], number[], number, number]} Point of one quality: mean
 *   log2 of the steps of luma and of chroma, shares of luma's and of chroma's change by kind of
 *   block, mean and least gain in PSNR, in dB
 * @typedef {{luma: number[], chroma: number[], expectedDb: number}} Decision shares by kind of
 *   block; nothing is expected where nothing is taken
 */

const GREY = "grey";
const OTHER = "4:4:4"; // for samplings that were not measured
/** Each kind of block by the least number of its AC coefficients that are not 0. */
const KINDS = [0, 1, 2, 4, 7, 11, 21];

/**
 * Decides for one JPEG: nothing is taken where a validation picture lost by it.
 * @param {Object<string, Point[]>} gates by sampling
 * @param {{sampling: string, steps: [number, number]}} jpeg
 *   `steps` are mean log2 of the quantiser steps of luma and of chroma
 * @returns {Decision}
 */
export function decide(gates, { sampling, steps }) {
  const points = gates[sampling] ?? gates[OTHER];
  const ofLuma = interpolate(points, steps[0], 0);
  const ofChroma = sampling === GREY ? ofLuma : interpolate(points, steps[1], 1);
  const [meanDb, leastDb] = (ofChroma[5] < ofLuma[5] ? ofChroma : ofLuma).slice(4);
  if (Math.min(meanDb, leastDb) <= 0) {
    const none = KINDS.map(() => 0);
    return { luma: none, chroma: none, expectedDb: 0 };
  }
  return { luma: ofLuma[2], chroma: ofChroma[3], expectedDb: meanDb };
}

/** Finds the kind of a block by its number of AC coefficients. */
export function findKind(count) {
  return KINDS.findLastIndex((least) => least <= count);
}

/** Interpolates between the steps that were measured; the ends hold beyond them. */
function interpolate(points, step, ofStep) {
  const ordered = [...points].sort((a, b) => a[ofStep] - b[ofStep]);
  const next = ordered.findIndex((point) => step <= point[ofStep]);
  if (next === 0) return ordered[0];
  if (next < 0) return ordered.at(-1);
  const [before, after] = ordered.slice(next - 1, next + 1);
  const share = (step - before[ofStep]) / (after[ofStep] - before[ofStep]);
  const between = (a, b) =>
    Array.isArray(a) ? a.map((each, i) => between(each, b[i])) : a + share * (b - a);
  return between(before, after);
}
