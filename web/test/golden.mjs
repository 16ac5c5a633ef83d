// The released pairs in tests/data, and the rows of comrec/networks/presets.json.

import { existsSync, readFileSync, readdirSync } from "node:fs";

const root = new URL("../../", import.meta.url);
const folder = new URL("tests/data/golden/", root);

/** What a page reads off the headers of network files. */
export const PRESETS = JSON.parse(readFileSync(new URL("comrec/networks/presets.json", root))).map(
  ({ name, number, scales, weights }) => ({
    preset: name,
    number,
    scales,
    hashes: ["comcnn", "reccnn"].flatMap((n) => weights[n]?.sha256.slice(0, 8) ?? []).join("-"),
  }),
);

/** {name, jpeg, sidecar or null} of every pair, or of one preset's. */
export function pairs(preset = null) {
  const found = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isDirectory() || (preset && entry.name !== preset)) continue;
    for (const file of readdirSync(new URL(`${entry.name}/`, folder))) {
      if (!file.endsWith(".comrec.jpg")) continue;
      const jpeg = new URL(`${entry.name}/${file}`, folder);
      const sidecar = new URL(jpeg.href.replace(/jpg$/, "json"));
      found.push({
        name: `${entry.name}/${file}`,
        jpeg: new Uint8Array(readFileSync(jpeg)),
        sidecar: existsSync(sidecar) ? new Uint8Array(readFileSync(sidecar)) : null,
      });
    }
  }
  return found;
}

export function pair(name) {
  return pairs(name.split("/")[0]).find((found) => found.name === `${name}.comrec.jpg`);
}
