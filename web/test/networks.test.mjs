// The check of network files by networks.json.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { fetchNetworks, toIntegrity } from "../src/workers/networks.js";

test("a SHA-256 becomes what fetch takes, and another value nothing", () => {
  const hash = createHash("sha256").update("x");
  const expected = `sha256-${hash.copy().digest("base64")}`;
  assert.equal(toIntegrity(hash.digest("hex")), expected);
  for (const value of [undefined, 7, "", "ab", "g".repeat(64)]) {
    assert.equal(toIntegrity(value), null);
  }
});

const SIDECAR = { preset: "comrec-lite-2", number: 8 };

async function failure(rows, answer) {
  const before = globalThis.fetch;
  const asked = [];
  globalThis.fetch = async (url, options) => {
    if (url.endsWith(".json")) return Response.json({ format: 1, networks: rows });
    asked.push(options);
    return answer(options);
  };
  const index = `https://${asked.length}.example/${Math.random()}/networks.json`;
  try {
    await fetchNetworks(index, [SIDECAR]);
  } catch (error) {
    return { reason: error.message, asked };
  } finally {
    globalThis.fetch = before;
  }
}

test("a network is loaded by its SHA-256, and what fails is named", async () => {
  const row = { ...SIDECAR, file: "a.bin", sha256: "0".repeat(64) };
  const refuse = ({ method }) => {
    if (method === "HEAD") return new Response(null, { status: 200 });
    throw new TypeError("Failed to fetch");
  };
  const damaged = await failure([row], refuse);
  assert.match(damaged.reason, /its SHA-256 is not that in networks.json/);
  assert.equal(damaged.asked[0].integrity, toIntegrity(row.sha256));
  const missing = await failure([row], () => new Response(null, { status: 404 }));
  assert.match(missing.reason, /is missing \(404\)/);
  const bare = await failure([{ ...SIDECAR, file: "a.bin" }], refuse);
  assert.match(bare.reason, /no SHA-256/);
  assert.equal(bare.asked.length, 0);
});
