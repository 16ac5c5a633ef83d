// Puts into words why a picture that was dropped is not restored.

import { deriveSidecarName } from "../workers/fetch.js";

const NO_NETWORK = /no network for preset ("?)([^"]+)\1/;
const MISSING = /sidecar is missing/;

/**
 * Tells whether a sidecar is all that a picture lacks.
 * @param {string} reason
 * @returns {boolean}
 */
export function lacksSidecar(reason) {
  return MISSING.test(reason);
}

/**
 * Explains a failure, and says what to do.
 * @param {string} reason as it is thrown
 * @param {string} name of the .jpg
 * @param {Object<number, string>} presets names of presets by their number
 * @returns {string} sentences
 */
export function explain(reason, name, presets) {
  const [, , preset] = NO_NETWORK.exec(reason) ?? [];
  if (preset) {
    const known = presets[preset] ?? preset;
    return `Not restored: this site has no network for ${known}. comrec decompress restores it.`;
  }
  const remedy = lacksSidecar(reason) ? ` Drop ${deriveSidecarName(name)} too.` : "";
  return `Not restored: ${reason}.${remedy}`;
}
