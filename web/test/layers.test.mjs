// The layers of src/ and their order.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const LAYERS = ["networks", "format", "workers", "page"];
const SRC = new URL("../src/", import.meta.url);
const IMPORT = /(?:from|import)\s*\(?\s*["'](\.[^"']+)["']/g; // those of types as well

function listFiles(folder) {
  return readdirSync(new URL(folder, SRC), { withFileTypes: true }).filter((entry) => entry.isFile());
}

test("a module imports from its own layer, or from one to the left", () => {
  let count = 0;
  LAYERS.forEach((layer, rank) => {
    for (const { name } of listFiles(`${layer}/`)) {
      const url = new URL(`${layer}/${name}`, SRC);
      for (const [, path] of readFileSync(url, "utf8").matchAll(IMPORT)) {
        const [folder] = new URL(path, url).href.slice(SRC.href.length).split("/");
        const isAllowed = folder === "errors.js" || LAYERS.slice(0, rank + 1).includes(folder);
        assert.ok(isAllowed, `${layer}/${name} imports ${path}`);
        count++;
      }
    }
  });
  assert.ok(count > LAYERS.length, "no imports found");
});

test("only the errors are in no layer", () => {
  assert.deepEqual(listFiles("").map(({ name }) => name), ["errors.js"]);
  const folders = readdirSync(SRC, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  assert.deepEqual(folders.map(({ name }) => name).sort(), [...LAYERS].sort());
});
