// Compares with numbers of Python (numbers.json), and tiles with the whole picture.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { computeCondition } from "../src/networks/condition.js";
import { enlarge, findSource } from "../src/networks/resample.js";
import { restoreTile } from "../src/networks/restore-tile.js";
import { planTiles } from "../src/networks/tiles.js";

const numbers = JSON.parse(readFileSync(new URL("numbers.json", import.meta.url)));

/** Rows y0 to y1 and columns x0 to x1 of (h, w, channels). */
function cut(pixels, width, channels, [y0, y1, x0, x1]) {
  const rows = [];
  for (let y = y0; y < y1; y++) {
    rows.push(...pixels.slice((y * width + x0) * channels, (y * width + x1) * channels));
  }
  return Uint8Array.from(rows);
}

for (const { picture, scale, window, size, compact, enlarged } of numbers.enlarged) {
  test(`${picture} at ${scale}, window ${window}, is enlarged as Python does it`, () => {
    const [y0, y1, x0, x1] = window;
    const spans = [...findSource(y0, y1, size[0], scale), ...findSource(x0, x1, size[1], scale)];
    const part = cut(compact, size[1], 3, spans);
    const made = enlarge(part, 3, window, size, scale);
    assert.equal(made.length, enlarged.length);
    const worst = Math.max(...made.map((value, i) => Math.abs(value - enlarged[i])));
    assert.ok(worst < 2e-7, `${worst}`); // the numbers have seven digits
  });
}

for (const { tables, scale, condition: wanted } of numbers.condition) {
  test(`tables at scale ${scale} give the condition that Python computes`, () => {
    const found = computeCondition(tables.map((steps) => Uint16Array.from(steps)), scale);
    assert.equal(found.length, 5);
    found.forEach((value, i) => assert.ok(Math.abs(value - wanted[i]) < 2e-6));
  });
}

// Mean of the pixels up to two away, less the pixel: it looks two to each side.
const blur = {
  async computeResidual(image, height, width) {
    const out = new Float32Array(image.length);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        for (let c = 0; c < 3; c++) {
          let sum = 0;
          for (let j = Math.max(y - 2, 0); j <= Math.min(y + 2, height - 1); j++) {
            for (let i = Math.max(x - 2, 0); i <= Math.min(x + 2, width - 1); i++) {
              sum += image[(j * width + i) * 3 + c];
            }
          }
          out[(y * width + x) * 3 + c] = sum / 25 - image[(y * width + x) * 3 + c];
        }
      }
    }
    return out;
  },
};

async function restored([height, width], scale, channels, workers) {
  const compact = { height: Math.ceil(height / scale), width: Math.ceil(width / scale) };
  const size = [compact.height, compact.width];
  const levels = Array.from({ length: size[0] * size[1] * channels }, (_, i) => (i * i) % 256);
  const network = { multiple_px: 2, reach_px: 3 };
  const coded = { channels, size, scale, condition: new Float32Array(5) };
  const whole = new Uint8Array(height * width * channels).fill(77);
  const cuts = planTiles({ height, width }, compact, scale, network, workers);
  for (const tile of cuts) {
    const part = cut(levels, size[1], channels, tile.cut);
    const pixels = await restoreTile(tile, part, coded, blur);
    const [y0, y1, x0, x1] = tile.window;
    assert.equal(pixels.length, (y1 - y0) * (x1 - x0) * channels);
    for (let y = y0; y < y1; y++) {
      const row = pixels.subarray((y - y0) * (x1 - x0) * channels, (y - y0 + 1) * (x1 - x0) * channels);
      whole.set(row, (y * width + x0) * channels);
    }
  }
  return { whole, count: cuts.length };
}

for (const scale of [1, 1.5, 2]) {
  for (const channels of [1, 3]) {
    test(`tiles at ${scale}, ${channels} channels, give what the whole gives`, async () => {
      const size = [241, 187];
      const one = await restored(size, scale, channels, 1);
      const many = await restored(size, scale, channels, 4);
      assert.equal(one.count, 1);
      assert.ok(many.count >= 4);
      assert.deepEqual(many.whole, one.whole);
    });
  }
}

test("pictures of any size are covered, none by slivers", () => {
  for (const size of [[1, 1], [1, 9000], [511, 513], [4000, 3000], [517, 100]]) {
    const [height, width] = size;
    const network = { multiple_px: 2, reach_px: 26 };
    const made = planTiles({ height, width }, { height, width }, 1, network, 2);
    const area = made.reduce((sum, { window: [a, b, c, d] }) => sum + (b - a) * (d - c), 0);
    assert.equal(area, height * width);
    for (const { window: [y0, y1, x0, x1], padded, seen } of made) {
      assert.ok(y0 % 16 === 0 && x0 % 16 === 0 && y1 - y0 <= 512 && x1 - x0 <= 512);
      assert.ok(padded.every((side) => side % 2 === 0));
      assert.ok(seen[1] <= height && seen[3] <= width);
    }
  }
});

test("a picture that is no number is refused", async () => {
  const tile = { window: [0, 1, 0, 1], seen: [0, 1, 0, 1], padded: [0, 2, 0, 2], cut: [0, 1, 0, 1] };
  const coded = { channels: 3, size: [1, 1], scale: 1, condition: new Float32Array(5) };
  const computeResidual = async () => new Float32Array(12).fill(NaN);
  const part = new Uint8Array(3);
  await assert.rejects(restoreTile(tile, part, coded, { computeResidual }), /not a number/);
});

test("halves are rounded to even, and what lies outside is clipped", async () => {
  const tile = { window: [0, 1, 0, 2], seen: [0, 1, 0, 2], padded: [0, 2, 0, 2], cut: [0, 1, 0, 2] };
  const coded = { channels: 3, size: [1, 2], scale: 1, condition: new Float32Array(5) };
  const added = [0.5, 1.5, 2.5, -3, 300, 10.4].map((level) => level / 255);
  const computeResidual = async () => Float32Array.of(...added, 0, 0, 0, 0, 0, 0);
  const pixels = await restoreTile(tile, new Uint8Array(6), coded, { computeResidual });
  assert.deepEqual([...pixels], [0, 2, 2, 0, 255, 10]);
});
