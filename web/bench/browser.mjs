// A static server and a headless Chromium on it.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { gzipSync } from "node:zlib";
import { chromium } from "playwright-core";

const TYPES = {
  ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript",
  ".css": "text/css", ".json": "application/json", ".wasm": "application/wasm",
  ".jpg": "image/jpeg", ".png": "image/png",
};
const PACKED = [".html", ".js", ".mjs", ".css", ".json", ".wasm"]; // as hosts do
const ISOLATED = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};
const GPU = [
  "--enable-unsafe-webgpu", "--enable-features=Vulkan,WebGPU",
  "--use-webgpu-adapter=swiftshader",
];

/**
 * @param {string[]} folders searched in this order
 * @param {{isolated?: boolean, headers?: object, packs?: boolean}} options
 * @returns {Promise<{url: string, close: () => void}>}
 */
export async function serveFolders(folders, { isolated = false, headers = {}, packs = false } = {}) {
  const packed = new Map();
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url, "http://localhost").pathname);
    for (const folder of folders) {
      let body = await readFile(join(folder, path)).catch(() => null);
      if (!body) continue;
      const isPacked = packs && PACKED.includes(extname(path));
      if (isPacked) {
        if (!packed.has(path)) packed.set(path, gzipSync(body, { level: 9 }));
        body = packed.get(path);
      }
      response.writeHead(200, {
        "Content-Type": TYPES[extname(path)] ?? "application/octet-stream",
        ...(isolated ? ISOLATED : {}),
        ...(isPacked ? { "Content-Encoding": "gzip" } : {}),
        ...headers,
      });
      return response.end(body);
    }
    return response.writeHead(404).end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}

/** @param {{gpu?: boolean}} options with a WebGPU adapter in software */
export function launch({ gpu = false } = {}) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", ...(gpu ? GPU : [])],
  });
}
