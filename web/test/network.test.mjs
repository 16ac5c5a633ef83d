// The network file, and the network in plain JavaScript.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readLayers } from "../src/networks/layers.js";
import { decodeHalfFloats, readHeader, readNetworkFile } from "../src/networks/network-file.js";
import { computeResidual, packPixels, unpackPixels } from "../src/networks/plain-backend.js";
import { HEADER, arraysOf, fileOf, numbers } from "./small.mjs";

test("half floats of every kind are read", () => {
  // Worked by hand from sign, five bits of exponent and ten of fraction.
  const halves = {
    0x0000: 0, 0x3c00: 1, 0xc000: -2, 0x3555: 0.333251953125, 0x7bff: 65504, 0x0001: 2 ** -24,
    0x83ff: -1023 * 2 ** -24, 0x0400: 2 ** -14, 0x7c00: Infinity, 0xfc00: -Infinity, 0x7e00: NaN,
  };
  for (const [half, value] of Object.entries(halves)) {
    assert.deepEqual(decodeHalfFloats(Uint16Array.of(half)), Float32Array.of(value));
  }
});

test("arrays are read at their offsets, 8 bits times the step of their map", () => {
  const { header, arrays } = readNetworkFile(
    fileOf([
      ["a", [3], Uint16Array.of(0x3c00, 0xc000, 0x0000), { type: "f16" }],
      ["b", [1], Float32Array.of(0.1)],
      ["c", [2, 2], Int8Array.of(1, -127, 3, 4), { type: "i8", step: [0.5, 2] }],
    ]),
  );
  assert.equal(header.preset, "small");
  assert.deepEqual(arrays.get("a").values, Float32Array.of(1, -2, 0));
  assert.deepEqual(arrays.get("b"), { shape: [1], values: Float32Array.of(0.1) });
  assert.deepEqual(arrays.get("c").values, Float32Array.of(0.5, -254, 1.5, 8));
});

test("a header is read without its arrays", () => {
  const file = fileOf(arraysOf());
  assert.equal(readHeader(file).reach_px, 14);
});

test("what is no network file is refused in one line", () => {
  const whole = fileOf(arraysOf());
  const one = (more) => fileOf([["a", [2, 2], Int8Array.of(1, 2, 3, 4), { type: "i8", ...more }]]);
  const negative = one({ step: [1, 1], offset: -8 });
  const broken = [
    [new TextEncoder().encode("<!doctype html>").buffer, /^not a comrec network file$/],
    [new ArrayBuffer(0), /^not a comrec network file$/],
    [whole.slice(0, 200), /damaged header/],
    [fileOf([], { ...HEADER, format: 2 }), /format 1\. Received: 2/],
    [whole.slice(0, -4), /cut short: tail\/bias/],
    [negative, /cut short: a/],
    [one({}), /one step per map: a/],
    [one({ step: [1] }), /one step per map: a/],
    [renamed(one({ step: [1, 1] }), '"i8"', '"i4"'), /f32, f16 or i8\. Received: i4 for a/],
  ];
  for (const [bytes, message] of broken) {
    assert.throws(() => readNetworkFile(bytes), { name: "Refused", message });
  }
  readNetworkFile(one({ step: [1, 1] })); // else the rows above could fail for anything
});

function renamed(file, from, to) {
  const latin = Buffer.from(file).toString("latin1").replace(from, to);
  return new Uint8Array(Buffer.from(latin, "latin1")).buffer;
}

test("a network of another family is refused", () => {
  const others = [{ channels: 1 }, { widths: [8, 16] }, { blocks: [1, 1, 1] }, { blocks: [3] }];
  for (const other of others) {
    const file = fileOf(arraysOf(), { ...HEADER, ...other });
    assert.throws(() => readLayers(file), { name: "Refused" });
  }
  assert.equal(readLayers(fileOf(arraysOf())).blocks.length, 2);
});

test("pixels become channels and pixels again", () => {
  const pixels = numbers(4 * 6 * 3, 1, 1);
  const channels = packPixels(pixels, 2, 3, 3);
  // Row 1, column 2, green: of cell (0, 1), its third pixel.
  assert.equal(channels[1 * 12 + 2 * 3 + 1], pixels[(1 * 6 + 2) * 3 + 1]);
  assert.deepEqual(unpackPixels(channels, 2, 3, 3, 2), pixels.map((value) => value * 2));
});

test("the plain network gives what its definition does", () => {
  const arrays = Object.fromEntries(arraysOf().map(([name, , values]) => [name, values]));
  const [height, width] = [6, 10];
  const picture = numbers(height * width * 3, 7, 1);
  const condition = Float32Array.of(0.1, -0.3, 0.5, 0.2, 1);
  const got = computeResidual(readLayers(fileOf(arraysOf())), picture, height, width, condition);
  const wanted = defined(arrays, picture, height, width, condition);
  got.forEach((value, i) => assert.ok(Math.abs(value - wanted[i]) < 1e-5));
});

/** Computes RecCNN by its definition in Python, with the 6x6 convolution of stride 2. */
function defined(arrays, picture, height, width, condition) {
  const at = (x, [h, w, c], y, i, k) => (y < 0 || i < 0 || y >= h || i >= w ? 0 : x[(y * w + i) * c + k]);
  const conv = (x, [h, w, c], name, side, stride, pad) => {
    const [kernel, bias] = [arrays[`${name}/kernel`], arrays[`${name}/bias`]];
    const out = [];
    for (let y = 0; y < h; y += stride)
      for (let i = 0; i < w; i += stride)
        for (let m = 0; m < bias.length; m++) {
          let sum = bias[m];
          for (let v = 0; v < side; v++)
            for (let u = 0; u < side; u++)
              for (let k = 0; k < c; k++)
                sum +=
                  at(x, [h, w, c], y + v - pad, i + u - pad, k) *
                  kernel[((v * side + u) * c + k) * bias.length + m];
          out.push(sum);
        }
    return out;
  };
  const dense = (name) =>
    [...arrays[`${name}/bias`]].map((bias, m, all) =>
      condition.reduce((sum, value, k) => sum + value * arrays[`${name}/kernel`][k * all.length + m], bias),
    );
  const half = [height / 2, width / 2, 8];
  const told = dense("told");
  let x = conv(picture, [height, width, 3], "head", 6, 2, 2).map((v, i) => v + told[i % 8]);
  for (const block of ["down0_0", "down0_1"]) {
    const inner = conv(x, half, `${block}a`, 3, 1, 1).map((v) => Math.max(v, 0));
    const change = conv(inner, half, `${block}b`, 3, 1, 1);
    x = x.map((v, i) => v + change[i]);
  }
  const tail = conv(x, half, "tail", 3, 1, 1);
  const gain = Math.exp(dense("gain")[0]);
  return Array.from({ length: height * width * 3 }, (_, n) => {
    const [k, i, y] = [n % 3, Math.floor(n / 3) % width, Math.floor(n / 3 / width)];
    const cell = Math.floor(y / 2) * half[1] + Math.floor(i / 2);
    return tail[cell * 12 + (y % 2) * 6 + (i % 2) * 3 + k] * gain;
  });
}
