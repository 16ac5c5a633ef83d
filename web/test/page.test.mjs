// The parts of workers/ that need no browser: file names and priorities.

import assert from "node:assert/strict";
import { test } from "node:test";
import { deriveSidecarUrl, fetchFile } from "../src/workers/fetch.js";
import { Queue } from "../src/workers/queue.js";

test("the sidecar is beside the picture", () => {
  const beside = {
    "https://a.example/b/photo.comrec.jpg": "https://a.example/b/photo.comrec.json",
    "https://a.example/b/photo.jpg": "https://a.example/b/photo.comrec.json",
    "https://a.example/b/photo.JPEG?v=3#x": "https://a.example/b/photo.comrec.json?v=3#x",
    "https://a.example/b/photo": "https://a.example/b/photo.comrec.json",
    "https://a.example/%2e%2e/a%20b.jpg": "https://a.example/a%20b.comrec.json",
    "data:image/jpeg;base64,AAAA": null,
    "blob:https://a.example/123": null,
    "file:///tmp/photo.jpg": null,
  };
  for (const [url, sidecar] of Object.entries(beside)) assert.equal(deriveSidecarUrl(url), sidecar);
});

function withFetch(answer, run) {
  const before = globalThis.fetch;
  globalThis.fetch = async () => answer;
  return run().finally(() => (globalThis.fetch = before));
}

test("files are read to a limit, and no further", async () => {
  let given = 0;
  const endless = new ReadableStream({
    pull(controller) {
      given += 1000;
      controller.enqueue(new Uint8Array(1000));
    },
  });
  await withFetch(new Response(endless), () =>
    assert.rejects(fetchFile("https://a.example/", { maxBytes: 5000 }), /larger than/),
  );
  assert.ok(given < 10_000);
  await withFetch(new Response(Uint8Array.of(1, 2, 3)), async () => {
    const { bytes } = await fetchFile("https://a.example/", { maxBytes: 3 });
    assert.deepEqual([...bytes], [1, 2, 3]);
  });
});

test("what is not there is nothing", async () => {
  await withFetch(new Response("no", { status: 404 }), async () =>
    assert.equal(await fetchFile("https://a.example/", { maxBytes: 3 }), null),
  );
});

const tick = () => new Promise((resolve) => setImmediate(resolve));

test("who matters most comes first, as it is when something is free", async () => {
  const queue = new Queue();
  const { signal } = new AbortController();
  const order = [];
  const priorities = { a: 2, b: 1, c: 1, d: 0 };
  queue.give("worker");
  const first = await queue.take(() => 5, signal);
  for (const name of "abcd") {
    queue.take(() => priorities[name], signal).then((worker) => {
      order.push(name);
      queue.give(worker);
    });
  }
  priorities.d = 3;
  queue.give(first);
  for (let i = 0; i < 5; i++) await tick();
  assert.deepEqual(order, ["b", "c", "a", "d"]);
  assert.equal(queue.freeCount, 1);
});

test("who has gone is not waited for", async () => {
  const queue = new Queue();
  const gone = new AbortController();
  const waiting = queue.take(() => 0, gone.signal);
  gone.abort(new Error("gone"));
  await assert.rejects(waiting, /gone/);
  assert.equal(queue.hasWaiting, false);
  queue.give("worker");
  assert.equal(await queue.take(() => 0, new AbortController().signal), "worker");
  assert.throws(() => queue.take(() => 0, gone.signal), /gone/);
});
