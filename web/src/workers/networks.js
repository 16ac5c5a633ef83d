// Fetches the networks that a host offers, each once per page.

import { Refused } from "../errors.js";
import { readHeader } from "../networks/network-file.js";
import { namesPreset } from "../format/sidecar.js";

const FORMAT = 1;
const REACH_MAX_PX = 1024;
// The preset without networks: a JPEG with an alpha channel in the sidecar.
const PLAIN = {
  url: null,
  bytes: null,
  header: { preset: "plain", number: 1, hashes: "", scales: [1], multiple_px: 1, reach_px: 0 },
};

/**
 * @typedef {{url: string | null, bytes: ArrayBuffer | null,
 *   header: import("../networks/network-file.js").Header}} FetchedNetwork
 */

/** @type {Map<string, Promise<any>>} results by URL */
const results = new Map();

/**
 * Fetches the networks of the presets that sidecars name, as far as the host offers them.
 * @param {string} index URL of networks.json
 * @param {import("../format/sidecar.js").Sidecar[]} sidecars
 * @returns {Promise<FetchedNetwork[]>} at least one
 * @throws {Refused} if the host offers none of the networks, or a damaged one
 */
export async function fetchNetworks(index, sidecars) {
  const found = sidecars.some((sidecar) => namesPreset(sidecar, PLAIN.header)) ? [PLAIN] : [];
  if (!sidecars.every((sidecar) => namesPreset(sidecar, PLAIN.header))) {
    const rows = await fetchOnce(index, fetchIndex);
    const wanted = rows.filter((row) => sidecars.some((sidecar) => namesPreset(sidecar, row)));
    const fetchRow = (row) =>
      fetchOnce(new URL(row.file, index).href, (url) => fetchNetwork(url, row));
    found.push(...(await Promise.all(wanted.map(fetchRow))));
  }
  if (found.length) return found;
  const names = sidecars.map((sidecar) => JSON.stringify(sidecar.preset)).join(" and ");
  throw new Refused(`${index} has no network for preset ${names}`);
}

/** Calls `fetchUrl` for a URL once, and again only after a failure. */
function fetchOnce(url, fetchUrl) {
  if (!results.has(url)) {
    const result = fetchUrl(url);
    results.set(url, result);
    result.catch(() => results.delete(url));
  }
  return results.get(url);
}

/** Says why a network file was not loaded: a failed check looks like a failed request. */
async function explainFailure(url) {
  const response = await fetch(url, { method: "HEAD" }).catch(() => null);
  if (!response) return `${url} cannot be loaded`;
  if (!response.ok) return `${url} is missing (${response.status})`;
  return `${url} is damaged: its SHA-256 is not that in networks.json`;
}

/**
 * Converts a SHA-256 to the form that `fetch` takes.
 * @param {unknown} sha256 64 hex digits
 * @returns {string | null} null for another value
 */
export function toIntegrity(sha256) {
  if (typeof sha256 !== "string" || !/^[0-9a-f]{64}$/.test(sha256)) return null;
  const bytes = sha256.match(/../g).map((digits) => parseInt(digits, 16));
  return `sha256-${btoa(String.fromCharCode(...bytes))}`;
}

/** Fetches networks.json; returns its rows. */
async function fetchIndex(url) {
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

/** Fetches the network file of a row of networks.json, and checks its content and header. */
async function fetchNetwork(url, row) {
  const integrity = toIntegrity(row.sha256);
  if (!integrity) throw new Refused(`networks.json has no SHA-256 of ${url}`);
  // The browser checks the SHA-256, also on pages without encryption.
  const response = await fetch(url, { integrity }).catch(() => null);
  if (!response?.ok) throw new Refused(await explainFailure(url));
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
