// PNGs as written, read back by a reader of this file's own.

import assert from "node:assert/strict";
import { test } from "node:test";
import zlib from "node:zlib";
import { assembleBands } from "../src/networks/bands.js";
import { crc32 as ours } from "../src/format/crc32.js";
import { encodePng } from "../src/format/png.js";

async function decoded(blob) {
  const file = Buffer.from(await blob.arrayBuffer());
  const chunks = [];
  for (let at = 8; at < file.length; ) {
    const length = file.readUInt32BE(at);
    const type = file.toString("latin1", at + 4, at + 8);
    const data = file.subarray(at + 8, at + 8 + length);
    assert.equal(file.readUInt32BE(at + 8 + length), crc(file.subarray(at + 4, at + 8 + length)));
    chunks.push({ type, data });
    at += 12 + length;
  }
  const { data: header } = chunks[0];
  const channels = { 0: 1, 4: 2, 2: 3, 6: 4 }[header[9]];
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const idat = chunks.filter(({ type }) => type === "IDAT").map(({ data }) => data);
  const pixels = unfiltered(zlib.inflateSync(Buffer.concat(idat)), width * channels, channels);
  return { chunks, width, height, channels, pixels, bits: header[8] };
}

// Node has had its own since 20.15.
const crc = zlib.crc32 ?? ours;

function unfiltered(data, stride, channels) {
  const out = [];
  for (let at = 0, start = 0; at < data.length; start += stride) {
    const filter = data[at++];
    for (let i = 0; i < stride; i++) {
      const a = i < channels ? 0 : out[start + i - channels];
      const b = start ? out[start + i - stride] : 0;
      const c = start && i >= channels ? out[start + i - stride - channels] : 0;
      const nearest = [a, b, c].map((v) => Math.abs(a + b - c - v));
      const paeth = [a, b, c][nearest.indexOf(Math.min(...nearest))];
      const guess = { 0: 0, 1: a, 2: b, 3: (a + b) >> 1, 4: paeth }[filter];
      out.push((data[at++] + guess) & 255);
    }
  }
  return Uint8Array.from(out);
}

function picture(length, seed) {
  return Uint8Array.from({ length }, (_, i) => 128 + 90 * Math.sin(i * seed) + (i % 7));
}

for (const channels of [1, 2, 3, 4]) {
  for (const [height, width] of [[1, 1], [17, 5], [64, 300]]) {
    test(`${height}x${width} of ${channels} channels come back`, async () => {
      const pixels = picture(height * width * channels, 0.013);
      const cut = Math.ceil(height / 2) * width * channels;
      const rows = [pixels.subarray(0, cut), pixels.subarray(cut)].filter((band) => band.length);
      const png = await encodePng({ height, width, channels, icc: null }, rows);
      const found = await decoded(png);
      assert.equal(png.type, "image/png");
      assert.deepEqual([found.height, found.width, found.channels, found.bits], [height, width, channels, 8]);
      assert.deepEqual(found.pixels, pixels);
      assert.deepEqual(found.chunks.map(({ type }) => type).filter((t) => t !== "IDAT"), ["IHDR", "IEND"]);
    });
  }
}

test("rows take the filter that suits them", async () => {
  const across = Uint8Array.from({ length: 256 * 64 }, (_, i) => (37 * i) & 255);
  const noise = (x) => Math.floor(1e4 * Math.sin(99 * x));
  const down = Uint8Array.from({ length: 256 * 64 }, (_, i) => noise(i & 255));
  const png = (pixels) => encodePng({ height: 64, width: 256, channels: 1, icc: null }, [pixels]);
  assert.ok((await png(across)).size < 400);
  assert.ok((await png(down)).size < 700, `${(await png(down)).size}`);
});

test("an ICC profile is kept", async () => {
  const icc = picture(5000, 1);
  const png = await encodePng({ height: 1, width: 1, channels: 3, icc }, [new Uint8Array(3)]);
  const { chunks } = await decoded(png);
  const { data } = chunks.find(({ type }) => type === "iCCP");
  const name = data.indexOf(0);
  assert.equal(data[name + 1], 0);
  assert.deepEqual(new Uint8Array(zlib.inflateSync(data.subarray(name + 2))), icc);
  assert.equal(chunks[1].type, "iCCP"); // before the pixels
});

test("what fails on the way fails", async () => {
  function* broken() {
    yield new Uint8Array(3);
    throw new Error("out of memory");
  }
  await assert.rejects(
    encodePng({ height: 2, width: 1, channels: 3, icc: null }, broken()),
    /out of memory/,
  );
});

test("tiles become rows, with alpha as the last channel", () => {
  const tile = (window, ...pixels) => ({ window, pixels: Uint8ClampedArray.from(pixels) });
  const cut = () => [
    tile([0, 2, 0, 2], 1, 2, 5, 6), tile([0, 2, 2, 3], 3, 7),
    tile([2, 3, 0, 2], 9, 10), tile([2, 3, 2, 3], 11),
  ];
  const rows = (alpha) => [...assembleBands(cut(), 3, 1, alpha)].map((band) => [...band]);
  assert.deepEqual(rows(null), [[1, 2, 3, 5, 6, 7], [9, 10, 11]]);
  assert.deepEqual(rows(Uint8Array.of(20, 21, 22, 23, 24, 25, 26, 27, 28)), [
    [1, 20, 2, 21, 3, 22, 5, 23, 6, 24, 7, 25], [9, 26, 10, 27, 11, 28],
  ]);
});
