// A .jpg and its sidecar: what is in them, and whether they belong together.

import { alphaPng } from "./alpha.js";
import { computeCondition } from "../networks/condition.js";
import { Refused } from "../errors.js";
import * as jpeg from "./jpeg.js";
import { compactSize, fitting, isOf, parseBinary, parseText } from "./sidecar.js";

const SLACK_BYTES = 2 ** 16; // of a sidecar without alpha; it has some 80
const SCALE_MAX = 2;

/**
 * The sidecars that a .jpg may have.
 * @param {Uint8Array} file the .jpg
 * @param {(maxBytes: number) => Promise<{bytes: Uint8Array, type: string} | null>} beside
 *   fetches the sidecar; called only where none is embedded
 * @param {number} maxPixels
 * @returns {Promise<import("./sidecar.js").Sidecar[]>} none for a plain JPEG
 */
export async function candidates(file, beside, maxPixels) {
  const segments = jpeg.segments(file);
  const { height, width } = jpeg.frame(segments);
  checkPixels(height, width, maxPixels);
  const { embedded, isMarked, isDamaged } = jpeg.mark(segments);
  if (embedded) return [parseBinary(embedded)];
  const pixels = Math.min(maxPixels, height * width * SCALE_MAX ** 2);
  const found = await beside(2 * (2 * pixels + SLACK_BYTES));
  // Hosts of single-page applications answer with a page where there is no file.
  const isThere = found && !found.type.startsWith("text/html");
  if (isThere) return parseText(new TextDecoder().decode(found.bytes));
  if (isMarked) throw new Refused("its sidecar is missing");
  if (isDamaged) throw new Refused("comrec's marker in it is damaged, its sidecar may be lost");
  return [];
}

/**
 * @typedef {object} Pair
 * @property {import("./sidecar.js").Preset} preset
 * @property {number} height of the picture, in pixels
 * @property {number} width
 * @property {number} scale
 * @property {{height: number, width: number}} compact
 * @property {1 | 3} channels of the compact image
 * @property {Blob} coded a JPEG to decode
 * @property {Blob | null} alpha a PNG to decode
 * @property {Float32Array} condition
 * @property {Uint8Array | null} icc
 */

/**
 * Takes the first sidecar that belongs to a .jpg.
 * @param {Uint8Array} file the .jpg
 * @param {import("./sidecar.js").Sidecar[]} sidecars
 * @param {import("./sidecar.js").Preset[]} presets that are at hand
 * @param {number} maxPixels
 * @returns {Pair}
 */
export function matched(file, sidecars, presets, maxPixels) {
  const segments = jpeg.segments(file);
  const coded = jpeg.codedData(segments);
  const [record] = sidecars.flatMap((sidecar) =>
    presets
      .filter((preset) => isOf(sidecar, preset))
      .map((preset) => ({ preset, sidecar: fitting(sidecar, preset, coded) }))
      .filter((found) => found.sidecar),
  );
  if (!record) throw new Refused("the sidecar belongs to another picture, or one of them was changed");
  const { height, width, scale, alpha } = record.sidecar;
  checkPixels(height, width, maxPixels);
  const { tables, ...compact } = jpeg.frame(segments);
  const expected = compactSize(record.sidecar);
  if (expected.height !== compact.height || expected.width !== compact.width) {
    throw new Refused(
      `a ${width}x${height} picture at scale ${scale} has a compact image of ` +
        `${expected.width}x${expected.height}. Received: ${compact.width}x${compact.height}`,
    );
  }
  return {
    preset: record.preset, height, width, scale, compact,
    channels: tables.length === 1 ? 1 : 3,
    coded: jpeg.codedOnly(segments),
    alpha: alpha.length ? alphaPng(alpha, height, width) : null,
    condition: computeCondition(jpeg.quantisation(segments), scale),
    icc: jpeg.iccProfile(segments),
  };
}

function checkPixels(height, width, maxPixels) {
  if (height * width > maxPixels) {
    throw new Refused(`at most ${maxPixels} pixels are restored. Received: ${width}x${height}`);
  }
}
