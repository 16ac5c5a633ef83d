// Which networks there are beside the script, each fetched once per page.

import { Refused } from "../errors.js";
import { readHeader } from "../networks/network-file.js";
import { namesPreset } from "../format/sidecar.js";

const FORMAT = 1;
const REACH_MAX_PX = 1024;
// The preset without networks: a JPEG, and beside it the alpha that it cannot hold.
const PLAIN = {
  url: null,
  bytes: null,
  header: { preset: "plain", number: 1, hashes: "", scales: [1], multiple_px: 1, reach_px: 0 },
};

/** @typedef {{url: string | null, bytes: ArrayBuffer | null,
 *    header: import("../networks/network-file.js").Header}} Found */

const fetching = new Map();

/**
 * The networks of the presets that sidecars name; those that are not there are left out.
 * @param {string} index URL of networks.json
 * @param {import("../format/sidecar.js").Sidecar[]} sidecars
 * @returns {Promise<Found[]>} one at least
 */
export async function networksFor(index, sidecars) {
  const found = sidecars.some((sidecar) => namesPreset(sidecar, PLAIN.header)) ? [PLAIN] : [];
  if (!sidecars.every((sidecar) => namesPreset(sidecar, PLAIN.header))) {
    const rows = await once(index, rowsOf);
    const wanted = rows.filter((row) => sidecars.some((sidecar) => namesPreset(sidecar, row)));
    const load = (row) => once(new URL(row.file, index).href, (url) => networkOf(url, row));
    found.push(...(await Promise.all(wanted.map(load))));
  }
  if (found.length) return found;
  const names = sidecars.map((sidecar) => JSON.stringify(sidecar.preset)).join(" and ");
  throw new Refused(`${index} has no network for preset ${names}`);
}

/** What is fetched twice is fetched once; what failed is tried again. */
function once(url, get) {
  if (!fetching.has(url)) {
    const result = get(url);
    fetching.set(url, result);
    result.catch(() => fetching.delete(url));
  }
  return fetching.get(url);
}

async function rowsOf(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Refused(`${url} is missing (${response.status})`);
  const index = await response.json().catch(() => null);
  if (index?.format !== FORMAT || !Array.isArray(index.networks)) {
    throw new Refused(`${url} is not a list of networks of format ${FORMAT}`);
  }
  return index.networks.filter(
    (row) => typeof row?.preset === "string" && typeof row.file === "string",
  );
}

async function networkOf(url, row) {
  const response = await fetch(url);
  if (!response.ok) throw new Refused(`${url} is missing (${response.status})`);
  const bytes = await response.arrayBuffer();
  const header = readHeader(bytes);
  const { preset, hashes, scales, multiple_px, reach_px } = header;
  const isWhole =
    preset === row.preset && header.number === row.number && typeof hashes === "string" &&
    Array.isArray(scales) && scales.every((scale) => scale >= 1) && scales.length > 0 &&
    Number.isInteger(multiple_px) && multiple_px > 0 && 16 % multiple_px === 0 &&
    Number.isInteger(reach_px) && reach_px >= 0 && reach_px <= REACH_MAX_PX;
  if (!isWhole) throw new Refused(`${url} is not the network of ${row.preset}`);
  return { url, bytes, header };
}
