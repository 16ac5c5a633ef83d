// Reads a .jpg and its sidecar, and matches one to the other.

import { reduceAlphaPng } from "./alpha.js";
import { computeCondition } from "../networks/condition.js";
import { Refused } from "../errors.js";
import * as jpeg from "./jpeg.js";
import {
  computeCompactSize, namesPreset, parseBinary, parseText, verifySidecar,
} from "./sidecar.js";

const SLACK_BYTES = 2 ** 16; // for a sidecar without alpha, which takes about 80
const SCALE_MAX = 2;

/**
 * Reads the sidecars of a .jpg: the embedded one, or those of the file beside it.
 * @param {Uint8Array} file the .jpg
 * @param {(maxBytes: number) => Promise<{bytes: Uint8Array, type: string} | null>} fetchSidecar
 *   called only if no sidecar is embedded
 * @param {number} maxPixels of the compact image
 * @returns {Promise<import("./sidecar.js").Sidecar[]>} empty for a plain JPEG
 * @throws {Refused} if a file is damaged or too large, or the sidecar is missing
 */
export async function readSidecars(file, fetchSidecar, maxPixels) {
  const segments = jpeg.splitSegments(file);
  const { height, width } = jpeg.readFrame(segments);
  checkPixels(height, width, maxPixels);
  const { embedded, isMarked, isDamaged } = jpeg.readMarker(segments);
  if (embedded) return [parseBinary(embedded)];
  const pixels = Math.min(maxPixels, height * width * SCALE_MAX ** 2);
  const found = await fetchSidecar(2 * (2 * pixels + SLACK_BYTES));
  // Hosts of single-page applications answer with an HTML page instead of "not found".
  const isSidecar = found && !found.type.startsWith("text/html");
  if (isSidecar) return parseText(new TextDecoder().decode(found.bytes));
  if (isMarked) throw new Refused("its sidecar is missing");
  if (isDamaged) throw new Refused("comrec's marker in it is damaged, its sidecar may be lost");
  return [];
}

/**
 * @typedef {object} Pair
 * @property {import("./sidecar.js").Preset} preset
 * @property {number} height of the picture, in pixels
 * @property {number} width of the picture, in pixels
 * @property {number} scale
 * @property {{height: number, width: number}} compact size of the compact image
 * @property {1 | 3} channels of the compact image
 * @property {Blob} coded a JPEG to decode
 * @property {Blob | null} alpha a PNG to decode
 * @property {Float32Array} condition (5,), see condition.js
 * @property {Uint8Array | null} icc
 */

/**
 * Finds the first sidecar that belongs to a .jpg.
 * @param {Uint8Array} file the .jpg
 * @param {import("./sidecar.js").Sidecar[]} sidecars
 * @param {import("./sidecar.js").Preset[]} presets whose networks are available
 * @param {number} maxPixels of the picture
 * @returns {Pair}
 * @throws {Refused} if none of the sidecars belongs to the .jpg, or the picture is too large
 */
export function matchPair(file, sidecars, presets, maxPixels) {
  const segments = jpeg.splitSegments(file);
  const coded = jpeg.selectCodedData(segments);
  const [record] = sidecars.flatMap((sidecar) =>
    presets
      .filter((preset) => namesPreset(sidecar, preset))
      .map((preset) => ({ preset, sidecar: verifySidecar(sidecar, preset, coded) }))
      .filter((found) => found.sidecar),
  );
  if (!record) {
    throw new Refused("the sidecar belongs to another picture, or one of them was changed");
  }
  const { height, width, scale, alpha } = record.sidecar;
  checkPixels(height, width, maxPixels);
  const compact = jpeg.readSize(segments);
  const { tables } = jpeg.readFrame(segments);
  const expected = computeCompactSize(record.sidecar);
  if (expected.height !== compact.height || expected.width !== compact.width) {
    throw new Refused(
      `a ${width}x${height} picture at scale ${scale} has a compact image of ` +
        `${expected.width}x${expected.height}. Received: ${compact.width}x${compact.height}`,
    );
  }
  return {
    preset: record.preset, height, width, scale, compact,
    channels: tables.length === 1 ? 1 : 3,
    coded: jpeg.buildCodedJpeg(segments),
    alpha: alpha.length ? reduceAlphaPng(alpha, height, width) : null,
    condition: computeCondition(jpeg.readQuantisation(segments), scale),
    icc: jpeg.readIccProfile(segments),
  };
}

/**
 * Checks that a picture is within the limit.
 * @throws {Refused} if the picture is larger
 */
export function checkPixels(height, width, maxPixels) {
  if (height * width > maxPixels) {
    throw new Refused(`at most ${maxPixels} pixels are restored. Received: ${width}x${height}`);
  }
}
