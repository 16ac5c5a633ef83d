import { Refused } from "../errors.js";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const KEPT = ["IHDR", "IDAT", "IEND"];

/**
 * Reduces the alpha channel's PNG to the chunks that hold its pixels: a gamma chunk or a
 * transparent grey level would change the levels that a browser decodes.
 * @param {Uint8Array} png
 * @param {number} height that the PNG must have, in pixels
 * @param {number} width that the PNG must have, in pixels
 * @returns {Blob} a PNG of 8-bit grey
 * @throws {Refused} if the PNG is damaged, of another size, or not of 8-bit grey
 */
export function reduceAlphaPng(png, height, width) {
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
  const isOfSize = view.getUint32(16) === width && view.getUint32(20) === height;
  const [bits, colourType] = [png[24], png[25]];
  if (!isOfSize || bits !== 8 || colourType !== 0) {
    throw new Refused(`the alpha channel must be ${width}x${height} pixels of 8 bits of grey`);
  }
  return new Blob(parts, { type: "image/png" });
}
