// Decides where the network brings an ordinary JPEG closer to its picture, as
// comrec/networks/gates.py does.

/**
 * @typedef {[number, number]} Gain mean and least gain in PSNR, in dB
 * @typedef {[number, number, Gain, Gain, Gain]} Point of one quality: mean log2 of the steps of
 *   luma and of chroma, and the gains where the change of luma, of chroma, of both is taken
 * @typedef {{luma: boolean, chroma: boolean, expectedDb: number}} Decision
 */

const OTHER = "4:4:4"; // for samplings that were not measured

/**
 * Decides for one JPEG: the most gain of what no validation picture lost by.
 * @param {Object<string, Point[]>} gates by sampling
 * @param {{sampling: string, steps: [number, number], takesChroma: boolean}} jpeg
 *   `steps` are mean log2 of the quantiser steps of luma and of chroma
 * @returns {Decision}
 */
export function decide(gates, { sampling, steps, takesChroma }) {
  const points = gates[sampling] ?? gates[OTHER];
  const [ofLuma, ofChroma] = steps;
  const luma = interpolate(points, ofLuma, 0, 2);
  const choices = [{ gain: luma, luma: true, chroma: false }];
  if (takesChroma) {
    const chroma = interpolate(points, ofChroma, 1, 3);
    const both = [interpolate(points, ofLuma, 0, 4), interpolate(points, ofChroma, 1, 4)];
    choices.push({ gain: chroma, luma: false, chroma: true });
    choices.push({
      gain: both[1][1] < both[0][1] ? both[1] : both[0], luma: true, chroma: true,
    });
  }
  let best = { gain: [0, 0], luma: false, chroma: false };
  for (const choice of choices) {
    const isFirst = !best.luma && !best.chroma;
    if (choice.gain[1] > 0 && (isFirst || choice.gain[0] > best.gain[0])) best = choice;
  }
  return { luma: best.luma, chroma: best.chroma, expectedDb: best.gain[0] };
}

/** Interpolates between the steps that were measured; the ends hold beyond them. */
function interpolate(points, step, ofStep, ofGain) {
  const ordered = points.map((point) => [point[ofStep], point[ofGain]]);
  ordered.sort(([a], [b]) => a - b);
  const next = ordered.findIndex(([measured]) => step <= measured);
  if (next === 0) return ordered[0][1];
  if (next < 0) return ordered.at(-1)[1];
  const [low, before] = ordered[next - 1];
  const [high, after] = ordered[next];
  const share = (step - low) / (high - low);
  return before.map((db, i) => db + share * (after[i] - db));
}
