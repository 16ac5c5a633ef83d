import { Refused } from "../errors.js";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const KEPT = ["IHDR", "IDAT", "IEND"];

/**
 * The alpha channel's PNG with the chunks alone that hold its pixels: a gamma or a
 * transparent grey level would change what a browser makes of them.
 * @param {Uint8Array} png
 * @param {number} height that it must have, in pixels
 * @param {number} width
 * @returns {Blob} a PNG of 8 bits of grey
 */
export function alphaPng(png, height, width) {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  if (png.length < 33 || SIGNATURE.some((byte, i) => byte !== png[i])) {
    throw new Refused("the alpha channel is not a PNG");
  }
  const parts = [png.subarray(0, 8)];
  let type = "";
  for (let at = 8; type !== "IEND"; ) {
    const end = at + 12 <= png.length ? at + 12 + view.getUint32(at) : Infinity;
    if (end > png.length) throw new Refused("the alpha channel is cut off");
    const before = type;
    type = String.fromCharCode(...png.subarray(at + 4, at + 8));
    if ((before === "") !== (type === "IHDR")) throw new Refused("the alpha channel is damaged");
    if (KEPT.includes(type)) parts.push(png.subarray(at, end));
    at = end;
  }
  const [wide, high, kind] = [view.getUint32(16), view.getUint32(20), [png[24], png[25]]];
  if (wide !== width || high !== height || kind[0] !== 8 || kind[1] !== 0) {
    throw new Refused(`the alpha channel must be ${width}x${height} pixels of 8 bits of grey`);
  }
  return new Blob(parts, { type: "image/png" });
}
