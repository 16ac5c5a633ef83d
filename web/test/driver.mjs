// Drives headless Chromium for tests/test_web_browser.py: a visit per line of JSON on stdin,
// and what came of it per line on stdout.
//
// {url, script, init, gpu, blocked, viewport, media, mobile}: opens the URL, runs `script`, the
// body of an async function, in the page, and gives what it returned as `value`, what the
// console said, and what the page asked for. `init` runs before the page's own scripts,
// requests that contain one of `blocked` fail.

import { createInterface } from "node:readline";
import { chromium } from "playwright-core";
import { watched } from "./watched.mjs";

const ARGS = ["--no-sandbox", "--force-color-profile=srgb"];
const GPU = [
  "--enable-unsafe-webgpu", "--enable-features=Vulkan,WebGPU",
  "--use-webgpu-adapter=swiftshader",
];
const LIMIT_MS = 60_000;

const browsers = {};

async function launched(gpu) {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  const args = gpu ? [...ARGS, ...GPU] : ARGS;
  browsers[gpu] ??= await chromium.launch({ executablePath, args });
  return browsers[gpu];
}

async function visit({ url, script, init, gpu = false, blocked = [], viewport, media, mobile }) {
  const browser = await launched(gpu);
  const context = await browser.newContext({ viewport, ...mobile });
  const console_ = [], requests = [];
  try {
    context.setDefaultTimeout(LIMIT_MS);
    await context.addInitScript(watched);
    if (init) await context.addInitScript(init);
    for (const part of blocked) await context.route(`**/*${part}*`, (route) => route.abort());
    const page = await context.newPage();
    if (media) await page.emulateMedia(media);
    page.on("console", (message) => console_.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => console_.push(`pageerror: ${error.message}`));
    context.on("request", (request) => requests.push(request.url()));
    await page.goto(url);
    const value = await page.evaluate(`(async () => {${script}})()`);
    return { value, console: console_, requests, seen: await page.evaluate("seen.report()") };
  } finally {
    await context.close();
  }
}

function late() {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`no end within ${LIMIT_MS / 1000} s`)), LIMIT_MS).unref();
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  const done = Promise.race([visit(JSON.parse(line)), late()]);
  const answer = await done.catch((error) => ({ failed: String(error) }));
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
for (const browser of Object.values(browsers)) await browser.close();
