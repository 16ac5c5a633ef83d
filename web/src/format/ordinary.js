// Reads an ordinary JPEG, whoever wrote it, and decides how it is restored.

import { computeCondition } from "../networks/condition.js";
import { decide } from "../networks/gates.js";
import * as jpeg from "./jpeg.js";
import { readOrientation } from "./orientation.js";
import { checkPixels } from "./pair.js";

const GREY = "grey";
const SAMPLINGS = {
  "1x1": "4:4:4", "2x1": "4:2:2", "1x2": "4:4:0", "2x2": "4:2:0", "4x1": "4:1:1", "4x2": "4:1:0",
};

/**
 * @typedef {object} Restoring how a site restores ordinary JPEGs
 * @property {string} preset whose network restores them
 * @property {Object<string, import("../networks/gates.js").Point[]>} gates by sampling
 * @property {number[]} luma_steps mean log2 of libjpeg's luma steps at qualities 1 to 100
 *
 * @typedef {object} Ordinary
 * @property {number} height as the pixels lie
 * @property {number} width as the pixels lie
 * @property {1 | 3} channels
 * @property {Blob} coded a JPEG to decode
 * @property {Float32Array} condition (5,), see condition.js
 * @property {Uint8Array | null} icc
 * @property {number} orientation see orientation.js
 * @property {string} sampling of the chroma, such as "4:2:0", or "grey"
 * @property {number} quality 1 to 100 of libjpeg's tables that are nearest
 * @property {Uint16Array} lumaSteps quantiser steps of luma, (8, 8) by rows
 * @property {import("../networks/gates.js").Decision} decision
 */

/**
 * Reads an ordinary JPEG.
 * @param {Uint8Array} file
 * @param {Restoring} restoring
 * @param {number} maxPixels
 * @returns {Ordinary}
 * @throws {import("../errors.js").Refused} if the file is damaged, too large, or of a kind
 *   that is not restored
 */
export function readOrdinary(file, restoring, maxPixels) {
  const segments = jpeg.splitSegments(file);
  const { height, width, factors } = jpeg.readFrame(segments);
  checkPixels(height, width, maxPixels);
  const tables = jpeg.readQuantisation(segments);
  const steps = tables.map(computeMeanLog);
  const sampling = nameSampling(factors);
  const channels = factors.length === 1 ? 1 : 3;
  return {
    height, width, channels, sampling,
    coded: jpeg.buildJpegInItsColours(segments),
    condition: computeCondition(tables, 1),
    icc: jpeg.readIccProfile(segments),
    orientation: readOrientation(segments),
    quality: findQuality(steps[0], restoring.luma_steps),
    lumaSteps: tables[0],
    decision: decide(restoring.gates, { sampling, steps }),
  };
}

function computeMeanLog(table) {
  return table.reduce((sum, step) => sum + Math.log2(Math.max(step, 1)), 0) / table.length;
}

function nameSampling(factors) {
  if (factors.length < 3) return GREY;
  const [[across, down], [chromaAcross, chromaDown]] = factors;
  const ratio = `${across / Math.max(chromaAcross, 1)}x${down / Math.max(chromaDown, 1)}`;
  return SAMPLINGS[ratio] ?? ratio;
}

/** Finds the first quality whose steps are nearest. */
function findQuality(step, lumaSteps) {
  const distances = lumaSteps.map((ours) => Math.abs(ours - step));
  return 1 + distances.indexOf(Math.min(...distances));
}
