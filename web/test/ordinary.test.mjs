// Ordinary JPEGs are read, decided on and turned as Python does it (numbers.json).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { readOrdinary } from "../src/format/ordinary.js";
import { readOrientation } from "../src/format/orientation.js";
import { assembleBands } from "../src/networks/bands.js";
import { decide } from "../src/networks/gates.js";
import { takeChange } from "../src/networks/take-change.js";
import { turnSize, turnTiles } from "../src/networks/turn.js";

const numbers = JSON.parse(readFileSync(new URL("numbers.json", import.meta.url)));
const { restoring, decisions, jpegs, turns, changes } = numbers.ordinary;
const bytes = (base64) => Uint8Array.from(Buffer.from(base64, "base64"));

/** Checks a decision against that of Python. */
function isDecision(found, { luma, chroma, expected_db: expectedDb }) {
  const isNear = (a, b) => assert.ok(Math.abs(a - b) < 1e-5, `${a} is not ${b}`);
  isNear(found.expectedDb, expectedDb);
  luma.forEach((share, kind) => isNear(found.luma[kind], share));
  chroma.forEach((share, kind) => isNear(found.chroma[kind], share));
}

for (const { sampling, steps, decision } of decisions) {
  test(`${sampling} of steps ${steps} is decided on as in Python`, () => {
    isDecision(decide(restoring.gates, { sampling, steps }), decision);
  });
}

for (const { name, file, sampling, quality, decision, orientation } of jpegs) {
  test(`a JPEG, ${name}, is read as in Python`, () => {
    const found = readOrdinary(bytes(file), restoring, 1e6);
    assert.equal(found.sampling, sampling);
    assert.equal(found.quality, quality);
    assert.equal(found.orientation, orientation);
    isDecision(found.decision, decision);
    assert.throws(() => readOrdinary(bytes(file), restoring, 100), /at most 100 pixels/);
  });
}

test("an EXIF that is cut off or says nonsense turns nothing", () => {
  const segment = (...tiff) => [{
    marker: 0xe1,
    content: Uint8Array.from([0x45, 0x78, 0x69, 0x66, 0, 0, ...tiff]),
  }];
  const entry = (value, type = 3) => [0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, type, 0, 0, 0, 1, 0, value, 0, 0];
  assert.equal(readOrientation(segment(...entry(6))), 6);
  assert.equal(readOrientation(segment(...entry(9))), 1);
  assert.equal(readOrientation(segment(...entry(6, 4))), 1);
  assert.equal(readOrientation(segment(...entry(6).slice(0, 15))), 1);
  assert.equal(readOrientation([]), 1);
});

/** Cuts (height, width, 3) into four tiles. */
function cut(pixels, height, width) {
  const rows = [[0, 2], [2, height]], columns = [[0, 1], [1, width]];
  return rows.flatMap(([y0, y1]) => columns.map(([x0, x1]) => {
    const found = [];
    for (let y = y0; y < y1; y++) found.push(...pixels.slice((y * width + x0) * 3, (y * width + x1) * 3));
    return { window: [y0, y1, x0, x1], pixels: Uint8ClampedArray.from(found) };
  }));
}

for (const { orientation, size: [height, width], pixels, upright } of turns) {
  test(`tiles of orientation ${orientation} are turned as Python turns pictures`, () => {
    const size = { height, width };
    const turned = turnTiles(cut(pixels, height, width), size, 3, orientation);
    const bands = [...assembleBands(turned, turnSize(size, orientation).width, 3, null)];
    assert.deepEqual(bands.flatMap((band) => [...band]), upright);
  });
}

for (const { channels, steps, decision, part, restored, taken } of changes) {
  test(`of ${channels} channels, the share of a change is taken as in Python`, () => {
    const tile = { window: [8, 21, 8, 37], cut: [0, 24, 0, 40] };
    const coded = { channels, lumaSteps: Uint16Array.from(steps) };
    const found = takeChange(
      Uint8ClampedArray.from(restored), tile, Uint8Array.from(part), coded, decision);
    found.forEach((level, i) => assert.ok(Math.abs(level - taken[i]) <= 1));
    assert.ok(found.filter((level, i) => level !== taken[i]).length <= 0.01 * taken.length);
  });
}
