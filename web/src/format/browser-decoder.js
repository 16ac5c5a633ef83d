// The browser's own decoder, and its pixels as they are.

import { Refused } from "../errors.js";

/**
 * Decodes a picture that has neither metadata nor transparency.
 * @param {Blob} file without EXIF, so that nothing is turned
 * @param {{height: number, width: number}} size that it must have, in pixels
 * @returns {Promise<Decoded>}
 */
export async function decode(file, { height, width }) {
  const bitmap = await createImageBitmap(file, {
    colorSpaceConversion: "none",
    premultiplyAlpha: "none",
  });
  if (bitmap.height !== height || bitmap.width !== width) {
    throw new Refused(
      `${width}x${height} pixels are expected, ${bitmap.width}x${bitmap.height} came`,
    );
  }
  return new Decoded(bitmap);
}

/** A picture that the browser holds, to be had by windows. */
class Decoded {
  constructor(bitmap) {
    this.bitmap = bitmap;
    this.canvas = new OffscreenCanvas(1, 1);
  }

  /**
   * @param {[number, number, number, number]} window y0, y1, x0, x1
   * @param {1 | 3} channels
   * @returns {Uint8Array} (rows, columns, channels)
   */
  cut([y0, y1, x0, x1], channels) {
    const height = y1 - y0, width = x1 - x0;
    Object.assign(this.canvas, { height, width });
    const context = contextOf(this.canvas);
    context.drawImage(this.bitmap, x0, y0, width, height, 0, 0, width, height);
    return without(context.getImageData(0, 0, width, height).data, channels);
  }

  close() {
    this.bitmap.close();
  }
}

function contextOf(canvas) {
  // Not on a graphics card, where pixels need not come back as they went.
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Refused("no canvas to read pixels from");
  context.imageSmoothingEnabled = false;
  return context;
}

function without(rgba, channels) {
  const kept = new Uint8Array((rgba.length / 4) * channels);
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    kept[to++] = rgba[from];
    if (channels === 1) continue;
    kept[to++] = rgba[from + 1];
    kept[to++] = rgba[from + 2];
  }
  return kept;
}

/** Refuses browsers that change what a page reads of its pictures, against tracking. */
export async function checkHonest() {
  const side = 64;
  const sent = new ImageData(side, side);
  for (let i = 0; i < sent.data.length; i++) sent.data[i] = i % 4 === 3 ? 255 : (i * 89) >> 3;
  const bitmap = await createImageBitmap(sent, { colorSpaceConversion: "none" });
  const canvas = new OffscreenCanvas(side, side);
  const context = contextOf(canvas);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const came = context.getImageData(0, 0, side, side).data;
  if (came.some((level, i) => level !== sent.data[i])) {
    throw new Refused("this browser changes the pixels that a page reads");
  }
}
