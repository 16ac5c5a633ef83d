// Measures in headless Chromium: jobs as JSON on stdin, a line of JSON per job on stdout.
// The experiment on speed in the browser chooses the jobs.
//
// {out, folders, jobs}: builds the bench into `out`, serves it and `folders`, and runs
// {kind: "network", isolated, ...}: tiles of a picture, see `measure` in page.js
// {kind: "whole", page, processors, passes}: visits to a page with one <comrec-img>
// {kind: "first", page, mbit_per_s, latency_ms}: until its picture is painted first

import { text } from "node:stream/consumers";
import { buildBench } from "./build.mjs";
import { launch, serveFolders } from "./browser.mjs";

const LIMIT_MS = 300_000;

/** Runs in the page before its own scripts. */
function watched(processors) {
  Object.defineProperty(navigator, "hardwareConcurrency", { get: () => processors });
  globalThis.longest = 0;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longest = Math.max(longest, duration);
  }).observe({ type: "longtask", buffered: true });
  let shown; // when the JPEG had come
  const note = ({ target }) => {
    if (target.localName === "img") shown ??= performance.now();
  };
  document.addEventListener("load", note, true);
  globalThis.outcome = new Promise((resolve) => {
    addEventListener("comrec-restored", () => resolve({ ms: performance.now() - shown }));
    addEventListener("comrec-plain", ({ detail }) => resolve(detail));
  });
}

/** Likewise. */
function painted() {
  globalThis.painted = new Promise((resolve) => {
    new PerformanceObserver((list) => {
      const of = list.getEntries().find(({ element }) => element?.localName === "img");
      if (of) resolve(of.startTime);
    }).observe({ type: "largest-contentful-paint", buffered: true });
  });
}

const kinds = {
  async network(browser, url, job) {
    const page = await browser.newPage();
    await page.goto(`${url}page.html`);
    const found = await page.evaluate((given) => measure(given), job);
    await page.close();
    return found;
  },

  async whole(browser, url, { page: name, processors, passes }) {
    const seconds = [];
    let longest = 0;
    for (let i = 0; i < passes; i++) {
      const context = await browser.newContext(); // an empty cache
      await context.addInitScript(watched, processors);
      const page = await context.newPage();
      await page.goto(url + name);
      const detail = await page.evaluate(() => globalThis.outcome);
      if (!detail.ms) throw new Error(`not restored: ${detail.reason}`);
      await page.waitForTimeout(200); // for the observer
      seconds.push(detail.ms / 1000);
      longest = Math.max(longest, await page.evaluate(() => globalThis.longest));
      await context.close();
    }
    return { seconds, longest };
  },

  async first(browser, url, { page: name, mbit_per_s, latency_ms }) {
    const context = await browser.newContext();
    await context.addInitScript(painted);
    const page = await context.newPage();
    const network = await context.newCDPSession(page);
    const bytes = (mbit_per_s * 1e6) / 8;
    await network.send("Network.enable");
    await network.send("Network.emulateNetworkConditions", {
      offline: false, latency: latency_ms, downloadThroughput: bytes, uploadThroughput: bytes,
    });
    await page.goto(url + name, { waitUntil: "commit" });
    const ms = await page.evaluate(() => globalThis.painted);
    await context.close();
    return { seconds: [ms / 1000], longest: 0 };
  },
};

const { out, folders, jobs } = JSON.parse(await text(process.stdin));
await buildBench(out);
const browser = await launch();
try {
  for (const job of jobs) {
    const served = await serveFolders([out, ...folders], { isolated: job.isolated, packs: true });
    try {
      const run = kinds[job.kind](browser, served.url, job);
      const late = new Promise((_, reject) => setTimeout(reject, LIMIT_MS, "too slow").unref());
      console.log(JSON.stringify(await Promise.race([run, late])));
    } finally {
      served.close();
    }
  }
  console.log(JSON.stringify({ browser: browser.version() }));
} finally {
  await browser.close();
}
process.exit(0); // pages that hang would keep it
