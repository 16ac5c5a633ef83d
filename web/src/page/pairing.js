// Sorts the files that were dropped into pictures and their sidecars, by their names.

import { deriveSidecarName } from "../workers/fetch.js";

const JPEG = /\.(jpe?g|jpe|jfif)$/i;
const SIDECAR = /\.comrec\.json$/i;

/**
 * Finds the sidecar of each picture. A sidecar that photo.comrec.jpg and photo.jpg may share
 * is the former's.
 * @template {{name: string}} F
 * @param {F[]} pictures
 * @param {F[]} sidecars
 * @returns {{sidecars: (F | null)[], unused: F[]}} of each picture its sidecar, and those
 *   without a picture
 */
export function pairUp(pictures, sidecars) {
  const isTaken = new Set();
  const found = pictures.map(() => null);
  const order = pictures.map((_, i) => i).sort((a, b) => isPair(pictures[b]) - isPair(pictures[a]));
  for (const i of order) {
    const name = deriveSidecarName(pictures[i].name);
    const sidecar = sidecars.find((each) => each.name === name && !isTaken.has(each));
    if (!sidecar) continue;
    isTaken.add(sidecar);
    found[i] = sidecar;
  }
  return { sidecars: found, unused: sidecars.filter((each) => !isTaken.has(each)) };
}

function isPair({ name }) {
  return Number(/\.comrec\.jpe?g$/i.test(name));
}

/**
 * Tells what a file is, by its name and its type.
 * @param {{name: string, type: string}} file
 * @returns {"picture" | "sidecar" | "other"}
 */
export function sortFile({ name, type }) {
  if (SIDECAR.test(name)) return "sidecar";
  return JPEG.test(name) || type === "image/jpeg" ? "picture" : "other";
}

/**
 * Names the PNG of a picture: photo.restored.png for photo.jpg and for photo.comrec.jpg.
 * @param {string} name
 * @returns {string}
 */
export function nameRestored(name) {
  return `${name.replace(JPEG, "").replace(/\.comrec$/i, "")}.restored.png`;
}
