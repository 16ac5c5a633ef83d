// The parts of the page to drop pictures on that need no browser.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Line } from "../src/page/line.js";
import { nameRestored, pairUp, sortFile } from "../src/page/pairing.js";
import { explain } from "../src/page/words.js";

const files = (...names) => names.map((name) => ({ name, type: "" }));
const names = (list) => list.map((file) => file && file.name);

test("a sidecar is that of the picture of its name, and first of a pair", () => {
  const pictures = files("a.jpg", "a.comrec.jpg", "b.jpeg", "c.jpg");
  const { sidecars, unused } = pairUp(pictures, files("a.comrec.json", "b.comrec.json", "z.comrec.json"));
  assert.deepEqual(names(sidecars), [null, "a.comrec.json", "b.comrec.json", null]);
  assert.deepEqual(names(unused), ["z.comrec.json"]);
});

test("two sidecars of one name are not given to one picture, and none is lost", () => {
  const { sidecars, unused } = pairUp(files("a.jpg"), files("a.comrec.json", "a.comrec.json"));
  assert.deepEqual(names(sidecars), ["a.comrec.json"]);
  assert.deepEqual(names(unused), ["a.comrec.json"]);
});

test("files are sorted by name, and pasted ones by type", () => {
  assert.equal(sortFile({ name: "A.JPG", type: "" }), "picture");
  assert.equal(sortFile({ name: "image", type: "image/jpeg" }), "picture");
  assert.equal(sortFile({ name: "a.comrec.json", type: "application/json" }), "sidecar");
  assert.equal(sortFile({ name: "a.png", type: "image/png" }), "other");
});

test("restored pictures are named as comrec restore names them", () => {
  for (const name of ["photo.jpg", "photo.comrec.jpg", "photo.JPEG"]) {
    assert.equal(nameRestored(name), "photo.restored.png");
  }
});

test("failures are explained, with the name of a preset that is known by its number", () => {
  const reason = "https://a.example/networks.json has no network for preset 3";
  assert.match(explain(reason, "a.jpg", { 3: "paper" }), /has no network for paper\. comrec/);
  const named = 'x has no network for preset "own"';
  assert.match(explain(named, "a.jpg", {}), /has no network for own\./);
  const missing = explain("its sidecar is missing", "a.comrec.jpg", {});
  assert.equal(missing, "Not restored: its sidecar is missing. Drop a.comrec.json too.");
});

/** A picture that takes a while, and says what is at work. */
function makePicture(log, name, size) {
  return {
    state: "waiting", png: null, isRemoved: false,
    async loadPreview() {},
    async restore() {
      log.push(`${name} starts`);
      this.state = "restoring";
      await new Promise(setImmediate);
      Object.assign(this, { state: "restored", png: { size } });
      log.push(`${name} ends`);
    },
    remove() {
      Object.assign(this, { isRemoved: true, png: null });
    },
  };
}

const settle = async () => {
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
};

test("pictures are restored one after another, until those kept take too many bytes", async () => {
  const log = [];
  const line = new Line({ maxPixels: 1 }, 100);
  const pictures = ["a", "b", "c"].map((name) => makePicture(log, name, 60));
  pictures.forEach((picture) => line.add(picture));
  await settle();
  assert.deepEqual(log, ["a starts", "a ends", "b starts", "b ends"]);
  assert.ok(line.isFull);
  line.remove(pictures[0]);
  await settle();
  assert.deepEqual(log.slice(4), ["c starts", "c ends"]);
});
