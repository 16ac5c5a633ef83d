// docs/format.md: pairs that comrec released, and files that no decoder may take.

import assert from "node:assert/strict";
import { test } from "node:test";
import * as jpeg from "../src/format/jpeg.js";
import { matchPair, readSidecars } from "../src/format/pair.js";
import { parseBinary, parseText } from "../src/format/sidecar.js";
import { PRESETS, pair, pairs } from "./golden.mjs";

const MAX_PIXELS = 1_000_000;
const GOLDEN = pair("comrec-lite-2/colour-1.5");
const EMBEDDED = pair("comrec-lite-2/embedded");
const ALPHA = pair("comrec-lite-2/alpha");

async function opened({ jpeg: file, sidecar }, presets = PRESETS, maxPixels = MAX_PIXELS) {
  const beside = async (maxBytes) => {
    if (sidecar?.length > maxBytes) throw new Error("too large");
    return sidecar && { bytes: sidecar, type: "application/json" };
  };
  const found = await readSidecars(file, beside, maxPixels);
  return found.length ? matchPair(file, found, presets, maxPixels) : null;
}

const text = (bytes) => new TextDecoder().decode(bytes);
const bytes = (value) => new TextEncoder().encode(value);
const without = (file, keep) => Uint8Array.from(parts(file).filter(keep).flatMap((p) => p.flat));

/** Segments of a file, with SOI and EOI. */
function parts(file) {
  const inner = jpeg.splitSegments(file).map(({ marker, whole }) => ({ marker, flat: [...whole] }));
  return [{ marker: 0xd8, flat: [0xff, 0xd8] }, ...inner, { marker: 0xd9, flat: [0xff, 0xd9] }];
}

/** A sidecar file with other fields. */
function changed(changes) {
  const record = { ...JSON.parse(text(GOLDEN.sidecar)), ...changes };
  return bytes(`${JSON.stringify(record)}\n`);
}

for (const golden of pairs()) {
  test(`${golden.name} belongs together`, async () => {
    const found = await opened(golden);
    const { scale, compact, height, width, preset, channels, condition } = found;
    assert.equal(compact.height, Math.ceil(height / scale));
    assert.equal(compact.width, Math.ceil(width / scale));
    assert.ok(preset.scales.includes(scale));
    assert.equal(channels, golden.name.includes("grey") ? 1 : 3);
    assert.equal(Boolean(found.alpha), golden.name.includes("alpha"));
    assert.equal(condition.length, 5);
    const again = jpeg.splitSegments(new Uint8Array(await found.coded.arrayBuffer()));
    assert.deepEqual(again, jpeg.splitSegments(golden.jpeg).filter(
      ({ marker }) => marker < 0xe0 || marker > 0xef,
    ));
  });
}

test("what stands in a sidecar is what comes out", async () => {
  const { height, width, scale, preset } = await opened(GOLDEN);
  const record = JSON.parse(text(GOLDEN.sidecar));
  assert.deepEqual([width, height], record.size);
  assert.equal(scale, record.scale);
  assert.equal(preset.preset, record.preset);
});

test("metadata that a host strips or adds change nothing", async () => {
  const bare = without(GOLDEN.jpeg, ({ marker }) => marker < 0xe0 || marker > 0xef);
  assert.ok(bare.length < GOLDEN.jpeg.length);
  assert.equal((await opened({ ...GOLDEN, jpeg: bare })).scale, 1.5);
  const adobe = [0xff, 0xee, 0, 14, ...bytes("Adobe"), 0, 100, 0, 0, 0, 0, 0];
  const more = Uint8Array.from([0xff, 0xd8, ...adobe, ...bare.subarray(2), 1, 2, 3]);
  const found = await opened({ ...GOLDEN, jpeg: more });
  assert.ok(!text(await found.coded.arrayBuffer()).includes("Adobe"));
});

for (const stray of [[0, 0, 0, 0], [0xff, 0xff], [1, 0xff, 0, 2], [...bytes("stray"), 0xff]]) {
  test(`${stray} between metadata are passed over, as Python does it`, async () => {
    const more = Uint8Array.from([0xff, 0xd8, ...stray, ...GOLDEN.jpeg.subarray(2)]);
    assert.equal((await opened({ ...GOLDEN, jpeg: more })).scale, 1.5);
  });
}

test("255 and 0 after the first scan are no bytes to pass over", () => {
  const later = Uint8Array.from([...GOLDEN.jpeg.subarray(0, -2), 0xff, 0xfe, 0, 2, 0xff, 0, 0xff, 0xd9]);
  assert.throws(() => jpeg.splitSegments(later), /a marker out of place/);
  assert.throws(() => jpeg.splitSegments(later.subarray(0, -4)), /no marker/);
});

test("a plain JPEG is no pair, and no error", async () => {
  const bare = without(GOLDEN.jpeg, ({ marker }) => marker !== 0xeb);
  assert.equal(await opened({ jpeg: bare, sidecar: null }), null);
});

test("a page in the place of a sidecar is none", async () => {
  const bare = without(GOLDEN.jpeg, ({ marker }) => marker !== 0xeb);
  const page = async () => ({ bytes: bytes("<!doctype html>"), type: "text/html; charset=utf-8" });
  assert.deepEqual(await readSidecars(bare, page, MAX_PIXELS), []);
  await assert.rejects(readSidecars(GOLDEN.jpeg, page, MAX_PIXELS), /sidecar is missing/);
});

test("of two records the one that fits counts", async () => {
  const other = pair("comrec-lite-2/colour-2").sidecar;
  const stranger = changed({ preset: "comrec-of-tomorrow" });
  for (const first of [other, stranger]) {
    const sidecar = Uint8Array.from([...first, ...GOLDEN.sidecar]);
    assert.equal((await opened({ ...GOLDEN, sidecar })).scale, 1.5);
  }
});

const refusedSidecars = {
  "empty": [bytes(""), /one line of JSON/],
  "three lines": [bytes("{}\n{}\n{}\n"), /3 came/],
  "no JSON": [bytes("{"), /invalid JSON/],
  "deep JSON": [bytes("[".repeat(100_000)), /invalid JSON/],
  "no object": [bytes("1"), /no "comrec" version/],
  "null": [bytes("null"), /no "comrec" version/],
  "a later version": [changed({ comrec: 2 }), /version 2/],
  "an unknown field": [changed({ url: "https://example.org/evil.js" }), /unknown fields/],
  "a field of prototypes": [
    bytes(text(GOLDEN.sidecar).replace("{", '{"__proto__":{"crc":1},')), /unknown fields/,
  ],
  "a preset that is none": [changed({ preset: ["comrec-lite-2"] }), /preset .* must be a name/],
  "no preset": [changed({ preset: undefined }), /preset .* must be a name/],
  "three sides": [changed({ size: [1, 2, 3] }), /\[width, height\]/],
  "no side": [changed({ size: [0, 5] }), /1 to 16777215/],
  "half a side": [changed({ size: [10.5, 5] }), /1 to 16777215/],
  "a side as text": [changed({ size: ["10", 5] }), /1 to 16777215/],
  "a huge side": [changed({ size: [2 ** 24, 5] }), /1 to 16777215/],
  "a scale as text": [changed({ scale: "2" }), /a number/],
  "a short checksum": [changed({ crc: "123" }), /8 hex digits/],
  "capitals in a checksum": [changed({ crc: "ABCDEF01" }), /8 hex digits/],
  "alpha that is no base64": [changed({ alpha: "a b=" }), /base64/],
  "alpha that is a number": [changed({ alpha: 5 }), /base64/],
  "empty alpha": [changed({ alpha: "" }), /base64/],
  "another size": [changed({ size: [132, 97] }), /another picture/],
  "another scale": [changed({ scale: 2 }), /another picture/],
  "a scale of no preset": [changed({ scale: 3 }), /another picture/],
  "no scale": [changed({ scale: undefined }), /another picture/],
  "another preset": [changed({ preset: "comrec-lite" }), /another picture/],
  "another checksum": [changed({ crc: "00000000" }), /another picture/],
  "alpha that was not there": [changed({ alpha: "AAAA" }), /another picture/],
};
for (const [name, [sidecar, reason]] of Object.entries(refusedSidecars)) {
  test(`a sidecar with ${name} is refused`, async () => {
    await assert.rejects(opened({ ...GOLDEN, sidecar }), { name: "Refused", message: reason });
  });
}

test("long values are not put into messages", () => {
  const crc = "x".repeat(1_000_000);
  assert.throws(() => parseText(text(changed({ crc }))), ({ message }) => message.length < 200);
});

test("a preset that is not at hand is refused", async () => {
  await assert.rejects(opened(GOLDEN, PRESETS.slice(0, 2)), /another picture/);
});

test("larger pictures than wished are refused before anything is made of them", async () => {
  await assert.rejects(opened(GOLDEN, PRESETS, 100), /at most 100 pixels/);
  const { compact } = await opened(GOLDEN);
  const most = compact.height * compact.width;
  await assert.rejects(opened(GOLDEN, PRESETS, most), /at most/);
});

test("of a .jpg that is too large nothing else is fetched", async () => {
  const beside = () => assert.fail("fetched");
  await assert.rejects(readSidecars(GOLDEN.jpeg, beside, 100), /at most 100 pixels/);
});

test("a marker without a sidecar is no plain JPEG", async () => {
  await assert.rejects(opened({ ...GOLDEN, sidecar: null }), /sidecar is missing/);
});

test("a marker that two bytes of were changed is no plain JPEG, but by its sidecar", async () => {
  const at = indexOf(GOLDEN.jpeg, bytes("comrec\0"));
  const damaged = GOLDEN.jpeg.slice();
  damaged[at] ^= 1;
  damaged[at + 3] ^= 32;
  await assert.rejects(opened({ jpeg: damaged, sidecar: null }), /marker in it is damaged/);
  assert.equal((await opened({ ...GOLDEN, jpeg: damaged })).scale, 1.5);
});

test("an embedded sidecar is read, in parts as well", async () => {
  const { embedded } = jpeg.readMarker(jpeg.splitSegments(EMBEDDED.jpeg));
  const wholes = parts(EMBEDDED.jpeg);
  const at = wholes.findIndex(({ marker }) => marker === 0xeb);
  const part = (data) => ({
    flat: [0xff, 0xeb, 0, 9 + data.length, ...bytes("comrec\0"), ...data],
  });
  wholes.splice(at, 1, part(embedded.subarray(0, 5)), part(embedded.subarray(5)));
  const split = Uint8Array.from(wholes.flatMap(({ flat }) => flat));
  assert.equal((await opened({ jpeg: split, sidecar: null })).scale, (await opened(EMBEDDED)).scale);
});

test("an embedded sidecar that is short or of a later version is refused", () => {
  assert.throws(() => parseBinary(Uint8Array.of(1, 8, 2)), /at least 13 bytes/);
  assert.throws(() => parseBinary(Uint8Array.of(2, 8, 2)), /version 2/);
  assert.throws(() => parseBinary(new Uint8Array(13).fill(1, 0, 1)), /1 to 16777215/);
});

test("any byte of an embedded sidecar that is changed is noticed", async () => {
  const { embedded } = jpeg.readMarker(jpeg.splitSegments(EMBEDDED.jpeg));
  for (let i = 0; i < embedded.length; i++) {
    const damaged = EMBEDDED.jpeg.slice();
    damaged[indexOf(EMBEDDED.jpeg, embedded) + i] ^= 1;
    await assert.rejects(opened({ jpeg: damaged, sidecar: null }), { name: "Refused" });
  }
});

function indexOf(file, found) {
  return file.findIndex((_, i) => found.every((byte, k) => byte === file[i + k]));
}

test("a .jpg that is cut off anywhere is refused", async () => {
  for (let length = 0; length < EMBEDDED.jpeg.length; length += 7) {
    const jpeg = EMBEDDED.jpeg.slice(0, length);
    await assert.rejects(opened({ jpeg, sidecar: null }), { name: "Refused" });
  }
});

test("bytes that are changed anywhere are refused, or metadata", async () => {
  let refused = 0;
  for (let at = 0; at < EMBEDDED.jpeg.length; at += 5) {
    const damaged = EMBEDDED.jpeg.slice();
    damaged[at] ^= 0x55;
    try {
      await opened({ jpeg: damaged, sidecar: null });
    } catch (error) {
      assert.equal(error.name, "Refused", `${at}: ${error.stack}`);
      refused++;
    }
  }
  assert.ok(refused > EMBEDDED.jpeg.length / 5 - 20, `${refused}`);
});

const SOI = [0xff, 0xd8], EOI = [0xff, 0xd9];
const hostile = {
  "nothing": [[], /not a JPEG/],
  "two images": [[...SOI, ...SOI, ...EOI], /out of place/],
  "a marker without length": [[...SOI, 0xff, 0x01, ...EOI], /out of place/],
  "a segment of no length": [[...SOI, 0xff, 0xfe, 0, 1, ...EOI], /bad segment/],
  "a segment without its length": [[...SOI, 0xff, 0xfe, 0], /bad segment/],
  "a segment beyond the end": [[...SOI, 0xff, 0xfe, 255, 255, ...EOI], /bad segment/],
  "endless fill": [[...SOI, ...Array(1000).fill(0xff)], /no marker/],
  "no frame": [[...SOI, ...EOI], /one frame header/],
  "a short frame": [[...SOI, 0xff, 0xc0, 0, 4, 8, 0, ...EOI], /short frame/],
};
for (const [name, [file, reason]] of Object.entries(hostile)) {
  test(`a file with ${name} is refused`, async () => {
    const jpeg = Uint8Array.from(file);
    await assert.rejects(opened({ jpeg, sidecar: null }), { name: "Refused", message: reason });
  });
}

test("files of countless segments and scans are refused", async () => {
  const many = new Uint8Array(2 + 4 * 100_001).fill(0);
  many.set([0xff, 0xd8]);
  for (let at = 2; at < many.length; at += 4) many.set([0xff, 0xfe, 0, 2], at);
  assert.throws(() => jpeg.splitSegments(many), /bad segment/);
  const scan = [0xff, 0xda, 0, 2, 1];
  const scans = Uint8Array.from([...SOI, ...Array(101).fill(scan).flat(), ...EOI]);
  assert.throws(() => jpeg.splitSegments(scans), /more than 100 scans/);
});

test("frames that comrec does not write are refused", () => {
  const frameOf = (...header) => () =>
    jpeg.readFrame(jpeg.splitSegments(Uint8Array.from([...SOI, 0xff, 0xc0, 0, header.length + 2, ...header, ...EOI])));
  const component = [1, 0x11, 0];
  assert.deepEqual(frameOf(8, 0, 2, 0, 3, 1, ...component)(), { height: 2, width: 3, tables: [0], factors: [[1, 1]] });
  assert.throws(frameOf(12, 0, 2, 0, 3, 1, ...component), /8 bits/);
  assert.throws(frameOf(8, 0, 2, 0, 3, 4, ...component, ...component, ...component, ...component), /4 components/);
  assert.throws(frameOf(8, 0, 0, 0, 3, 1, ...component), /without pixels/);
});

test("tables are those of the components, whatever their order", () => {
  const table = (number, step) => [0xff, 0xdb, 0, 67, number, ...Array(64).fill(step)];
  const wide = [0xff, 0xdb, 0, 131, 0x13, ...Array(64).fill([1, 2]).flat()];
  const frame = [0xff, 0xc0, 0, 17, 8, 0, 1, 0, 1, 3, 1, 17, 3, 2, 17, 1, 3, 17, 1];
  const found = jpeg.splitSegments(Uint8Array.from([...SOI, ...table(1, 9), ...wide, ...frame, ...EOI]));
  const [first, second] = jpeg.readQuantisation(found);
  assert.deepEqual([first[0], first[63], second[5]], [258, 258, 9]);
  const missing = jpeg.splitSegments(Uint8Array.from([...SOI, ...table(1, 9), ...frame, ...EOI]));
  assert.throws(() => jpeg.readQuantisation(missing), /missing/);
  const short = jpeg.splitSegments(Uint8Array.from([...SOI, 0xff, 0xdb, 0, 4, 0, 1, ...frame, ...EOI]));
  assert.throws(() => jpeg.readQuantisation(short), /short/);
});

test("steps stand in rows, not in zigzag", () => {
  const steps = Array.from({ length: 64 }, (_, i) => i);
  const frame = [0xff, 0xc0, 0, 11, 8, 0, 1, 0, 1, 1, 1, 17, 0];
  const found = jpeg.splitSegments(Uint8Array.from([...SOI, 0xff, 0xdb, 0, 67, 0, ...steps, ...frame, ...EOI]));
  const [table] = jpeg.readQuantisation(found);
  assert.deepEqual([...table.slice(0, 4), table[8], table[16], table[63]], [0, 1, 5, 6, 2, 3, 63]);
});

test("an ICC profile is put together, and none where a part is missing", () => {
  const part = (number, count, ...data) =>
    [0xff, 0xe2, 0, 16 + data.length, ...bytes("ICC_PROFILE\0"), number, count, ...data];
  const profile = (...segments) => jpeg.readIccProfile(jpeg.splitSegments(Uint8Array.from([...SOI, ...segments.flat(), ...EOI])));
  assert.deepEqual([...profile(part(2, 2, 7), part(1, 2, 5, 6))], [5, 6, 7]);
  assert.equal(profile(part(1, 2, 5)), null);
  assert.equal(profile(part(1, 2, 5), part(1, 2, 5)), null);
  assert.equal(profile(), null);
});

test("alpha has exactly the size of the picture", async () => {
  const found = await opened(ALPHA);
  const { reduceAlphaPng } = await import("../src/format/alpha.js");
  const png = new Uint8Array(await found.alpha.arrayBuffer());
  assert.ok(png.length > 60);
  assert.throws(() => reduceAlphaPng(png, found.height, found.width + 1), /must be/);
  assert.throws(() => reduceAlphaPng(png.subarray(0, 40), found.height, found.width), /cut off/);
  assert.throws(() => reduceAlphaPng(png.subarray(1), found.height, found.width), /not a PNG/);
  for (const [place, value] of [[24, 16], [25, 2]]) {
    const other = png.slice();
    other[place] = value;
    assert.throws(() => reduceAlphaPng(other, found.height, found.width), /8 bits of grey/);
  }
});

test("of alpha's PNG only what holds its pixels is decoded", async () => {
  const { reduceAlphaPng } = await import("../src/format/alpha.js");
  const found = await opened(ALPHA);
  const png = [...new Uint8Array(await found.alpha.arrayBuffer())];
  const gamma = [0, 0, 0, 4, ...bytes("gAMA"), 0, 0, 1, 0, 1, 2, 3, 4];
  const more = Uint8Array.from([...png.slice(0, 33), ...gamma, ...png.slice(33)]);
  const kept = new Uint8Array(await reduceAlphaPng(more, found.height, found.width).arrayBuffer());
  assert.deepEqual([...kept], png);
});
