// Drives headless Chromium for the Python tests of pages: a visit per line of JSON on stdin,
// and what came of it per line on stdout.
//
// {url, script, init, gpu, trace, viewport, device}: opens the URL, runs `script`, the body of
// an async function, in the page, and gives what it returned as `value`, what the console
// said, and what the page asked for. In it, `press(key)` presses a key. `init` runs before the
// page's own scripts. With `trace` there is `longestMs`: processor time of the longest task on
// the page's main thread.

import { createInterface } from "node:readline";
import { chromium } from "playwright-core";
import { watched } from "./watched.mjs";

const ARGS = ["--no-sandbox", "--force-color-profile=srgb"];
const GPU = [
  "--enable-unsafe-webgpu", "--enable-features=Vulkan,WebGPU",
  "--use-webgpu-adapter=swiftshader",
];
const CATEGORIES = ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline", "__metadata"];
const LIMIT_MS = 300_000;

const browsers = {};

async function launched(gpu) {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  const args = gpu ? [...ARGS, ...GPU] : ARGS;
  browsers[gpu] ??= await chromium.launch({ executablePath, args });
  return browsers[gpu];
}

async function visit({ url, script, init, gpu = false, trace = false, viewport, device }) {
  const browser = await launched(gpu);
  const context = await browser.newContext({ viewport, ...device });
  const console_ = [], requests = [];
  try {
    context.setDefaultTimeout(LIMIT_MS);
    await context.addInitScript(watched);
    if (init) await context.addInitScript(init);
    const page = await context.newPage();
    await page.exposeFunction("press", (key) => page.keyboard.press(key));
    page.on("console", (message) => console_.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => console_.push(`pageerror: ${error.message}`));
    context.on("request", (request) => requests.push(request.url()));
    if (trace) await browser.startTracing(page, { categories: CATEGORIES });
    await page.goto(url);
    const value = await page.evaluate(`(async () => {${script}})()`);
    const seen = await page.evaluate("seen.report()");
    const longestMs = trace ? longest(await browser.stopTracing(), url) : null;
    return { value, console: console_, requests, seen, longestMs };
  } finally {
    await context.close();
  }
}

/** Time on a processor, not on the clock: what else the machine does is not counted. */
function longest(trace, url) {
  const { traceEvents } = JSON.parse(trace);
  const committed = traceEvents.find(
    ({ name, args }) => name === "FrameCommittedInBrowser" && args.data.url === url,
  );
  const pid = committed.args.data.processId;
  const isMain = ({ name, args }) => name === "thread_name" && args.name === "CrRendererMain";
  const { tid } = traceEvents.find((event) => event.pid === pid && isMain(event));
  const tasks = traceEvents.filter(
    (event) => event.pid === pid && event.tid === tid && event.name.endsWith("RunTask"),
  );
  return Math.max(...tasks.map(({ tdur }) => (tdur ?? 0) / 1000));
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
