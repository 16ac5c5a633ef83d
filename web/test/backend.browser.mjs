// What computes, in headless Chromium: `node --test test/backend.browser.mjs`, half a minute.
// WebGPU is SwiftShader, in software.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import * as esbuild from "esbuild";
import { launch, serveFolders } from "../bench/browser.mjs";
import { bundling, runtime } from "../build.mjs";
import { readLayers } from "../src/networks/layers.js";
import { computeResidual } from "../src/networks/plain-backend.js";
import { arraysOf, fileOf, numbers } from "./small.mjs";

const CONDITION = [0.1, -0.3, 0.5, 0.2, 1];
const CLOSE = 1e-5; // of pixels in [0, 1]; a grey level is 4e-3
const file = fileOf(arraysOf());
const [height, width] = [34, 18];
const picture = numbers(height * width * 3, 7, 1);
const wanted = computeResidual(readLayers(file), picture, height, width, CONDITION);

let folder, served;
const browsers = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "comrec-"));
  await esbuild.build({
    ...bundling,
    entryPoints: [new URL("../src/networks/network.js", import.meta.url).pathname],
    outdir: folder,
    splitting: true,
  });
  await writeFile(join(folder, "runtime.wasm"), await readFile(runtime));
  await writeFile(join(folder, "runtime.unknown"), await readFile(runtime));
  await writeFile(join(folder, "text.wasm"), "not found, and no status that says so");
  await writeFile(join(folder, "index.html"), '<!doctype html><link rel="icon" href="data:,">');
  await writeFile(join(folder, "small.bin"), new Uint8Array(file));
  served = await serveFolders([folder]);
});

after(async () => {
  for (const browser of browsers) await (await browser).close();
  served.close();
  await rm(folder, { recursive: true });
});

/** Runs the picture through the network twice in a page, with `between` in between. */
async function ran({ gpu = true, init, backend = "webgpu", wasm = "runtime.wasm", between = "" }) {
  browsers[+gpu] ??= launch({ gpu });
  const page = await (await browsers[+gpu]).newPage();
  const warnings = [];
  page.on("console", (message) => warnings.push(message.text()));
  page.on("pageerror", (error) => warnings.push(String(error)));
  if (init) await page.addInitScript(init);
  await page.goto(`${served.url}index.html`);
  const told = { backend, wasm, between, height, width, condition: CONDITION };
  const found = await page.evaluate(async (given) => {
    const { loadNetwork } = await import("./network.js");
    const bytes = await (await fetch("small.bin")).arrayBuffer();
    const network = await loadNetwork(bytes, given.backend, given.wasm).catch((e) => e);
    if (network instanceof Error) return { error: network.message };
    const before = network.backend;
    const condition = new Float32Array(given.condition);
    const run = async () =>
      Array.from(await network.computeResidual(new Float32Array(given.picture), given.height, given.width, condition));
    const first = await run();
    const between = new Function("network", `return (async () => { ${given.between} })()`);
    const said = await between(network);
    const second = await run();
    const { backend, fallbackReason } = network;
    network.dispose();
    return { first, second, said, before, backend, fallbackReason };
  }, { ...told, picture: Array.from(picture) });
  await page.close();
  return { ...found, warnings };
}

function assertRestored({ first, second }) {
  for (const got of [first, second]) {
    const worst = Math.max(...got.map((value, i) => Math.abs(value - wanted[i])));
    assert.equal(got.length, wanted.length);
    assert.ok(worst < CLOSE, `${worst} from the plain network`);
  }
}

/** Init scripts that hold back the device the page gets, and what it does. */
const DEVICE = `
  const request = GPUAdapter.prototype.requestDevice;
  GPUAdapter.prototype.requestDevice = async function (...given) {
    return (globalThis.device = await request.apply(this, given));
  };`;
const NO_ADAPTER = "navigator.gpu.requestAdapter = async () => null;";
const WRONG = `
  const map = GPUBuffer.prototype.getMappedRange;
  GPUBuffer.prototype.getMappedRange = function (...given) {
    const range = map.apply(this, given);
    if (this.usage & GPUBufferUsage.MAP_READ) new Float32Array(range)[5] += 0.01;
    return range;
  };`;

test("WASM computes what the plain network does", async () => {
  const found = await ran({ gpu: false, backend: "wasm" });
  assertRestored(found);
  assert.equal(found.backend, "wasm");
  assert.deepEqual(found.warnings, []);
});

test("WASM runs whatever type a host gives it", async () => {
  assertRestored(await ran({ gpu: false, backend: "wasm", wasm: "runtime.unknown" }));
});

test("WebGPU computes what the plain network does", async () => {
  const found = await ran({});
  assertRestored(found);
  assert.deepEqual([found.backend, found.fallbackReason], ["webgpu", null]);
});

test("where there is no adapter, WASM computes", async () => {
  const found = await ran({ init: NO_ADAPTER });
  assertRestored(found);
  assert.equal(found.backend, "wasm");
  assert.match(found.fallbackReason, /no adapter/);
  assert.deepEqual(found.warnings, []);
});

test("where the browser has no WebGPU, WASM computes", async () => {
  const found = await ran({ gpu: false, init: "delete Navigator.prototype.gpu;" });
  assertRestored(found);
  assert.equal(found.backend, "wasm");
  assert.match(found.fallbackReason, /no WebGPU/);
});

test("WebGPU that computes wrongly is not used", async () => {
  const found = await ran({ init: WRONG });
  assertRestored(found);
  assert.equal(found.backend, "wasm");
  assert.match(found.fallbackReason, /wrongly/);
});

test("a device that is lost between two tiles gives way to WASM", async () => {
  const found = await ran({ init: DEVICE, between: "device.destroy(); await device.lost;" });
  assertRestored(found);
  assert.deepEqual([found.before, found.backend], ["webgpu", "wasm"]);
});

test("a command that fails without a word gives way to WASM", async () => {
  const between = `
    const submit = GPUQueue.prototype.submit;
    GPUQueue.prototype.submit = function (commands) {
      device.createBuffer({ size: 4, usage: 0 }); // an error, reported to scopes alone
      return submit.call(this, commands);
    };`;
  const found = await ran({ init: DEVICE, between });
  assertRestored(found);
  assert.deepEqual([found.before, found.backend], ["webgpu", "wasm"]);
});

test("where WASM cannot start, loading says why", async () => {
  const missing = await ran({ gpu: false, backend: "wasm", wasm: "absent.wasm" });
  assert.match(missing.error, /absent\.wasm is missing \(404\)/);
  const other = await ran({ gpu: false, backend: "wasm", wasm: "text.wasm" });
  assert.match(other.error, /WebAssembly/);
  const none = await ran({ gpu: false, backend: "wasm", init: "delete globalThis.WebAssembly;" });
  assert.match(none.error, /no WebAssembly/);
  const full = await ran({
    gpu: false, backend: "wasm",
    init: "WebAssembly.instantiate = async () => { throw new RangeError('Out of memory'); };",
  });
  assert.match(full.error, /Out of memory/);
});

test("memory that runs out is an error, and no wrong picture", async () => {
  const between = `
    const side = 2048;
    const run = () => network.computeResidual(new Float32Array(side * side * 3), side, side, [0, 0, 0, 0, 0]);
    const { grow } = WebAssembly.Memory.prototype;
    WebAssembly.Memory.prototype.grow = () => { throw new RangeError("no more"); };
    const said = await run().then(() => "computed", (error) => error.message);
    WebAssembly.Memory.prototype.grow = grow;
    return [said, await run().then(() => "computed", (error) => error.message)];`;
  const found = await ran({ gpu: false, backend: "wasm", between });
  assert.deepEqual(found.said, ["out of memory", "computed"]);
  assertRestored(found);
});
