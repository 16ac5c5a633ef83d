// Decodes pictures with the browser's decoder, and reads their pixels unaltered.

import { Refused } from "../errors.js";

/**
 * Decodes a picture that has neither metadata nor transparency.
 * @param {Blob} file without EXIF, so that the browser does not rotate the picture
 * @param {{height: number, width: number}} size that the picture must have, in pixels
 * @returns {Promise<DecodedPicture>}
 * @throws {Refused} if the picture has another size
 */
export async function decode(file, { height, width }) {
  const options = { colorSpaceConversion: "none", premultiplyAlpha: "none" };
  const bitmap = await decodeBitmap(file, options);
  if (bitmap.height !== height || bitmap.width !== width) {
    throw new Refused(
      `${width}x${height} pixels are expected, ${bitmap.width}x${bitmap.height} came`,
    );
  }
  return new DecodedPicture(bitmap);
}

/**
 * Decodes a picture as browsers show it, reduced.
 * @param {Blob} file
 * @param {{height: number, width: number}} size of the upright picture, in pixels
 * @param {number} side the longer one that the result has at most, in pixels
 * @returns {Promise<ImageBitmap>}
 */
export function decodeSmall(file, { height, width }, side) {
  const share = Math.min(1, side / Math.max(height, width));
  return decodeBitmap(file, {
    resizeHeight: Math.max(1, Math.round(share * height)),
    resizeWidth: Math.max(1, Math.round(share * width)),
    resizeQuality: "medium",
  });
}

/** Decodes a file; the error of a damaged one says so. */
async function decodeBitmap(file, options) {
  try {
    return await createImageBitmap(file, options);
  } catch (error) {
    if (error.name !== "InvalidStateError") throw error;
    throw new Refused("damaged, or of a kind that this browser does not decode");
  }
}

/** Holds a decoded picture in the browser, and reads windows of it. */
class DecodedPicture {
  constructor(bitmap) {
    this.bitmap = bitmap;
    this.canvas = new OffscreenCanvas(1, 1);
  }

  /**
   * Reads the pixels of a window.
   * @param {[number, number, number, number]} window y0, y1, x0, x1; y1 and x1 are exclusive
   * @param {1 | 3} channels to keep
   * @returns {Uint8Array} (rows, columns, channels)
   */
  cut([y0, y1, x0, x1], channels) {
    const height = y1 - y0, width = x1 - x0;
    Object.assign(this.canvas, { height, width });
    const context = getContext(this.canvas);
    context.drawImage(this.bitmap, x0, y0, width, height, 0, 0, width, height);
    return keepChannels(context.getImageData(0, 0, width, height).data, channels);
  }

  /** Frees the picture's memory. */
  close() {
    this.bitmap.close();
  }
}

function getContext(canvas) {
  // The option keeps the canvas off the graphics card, which may alter pixels.
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Refused("no canvas to read pixels from");
  context.imageSmoothingEnabled = false;
  return context;
}

function keepChannels(rgba, channels) {
  const kept = new Uint8Array((rgba.length / 4) * channels);
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    kept[to++] = rgba[from];
    if (channels === 1) continue;
    kept[to++] = rgba[from + 1];
    kept[to++] = rgba[from + 2];
  }
  return kept;
}

/**
 * Checks that a canvas returns the pixels drawn on it: some browsers alter pixels to hinder
 * tracking.
 * @throws {Refused} if pixels are altered
 */
export async function checkCanvas() {
  const side = 64;
  const drawn = new ImageData(side, side);
  for (let i = 0; i < drawn.data.length; i++) drawn.data[i] = i % 4 === 3 ? 255 : (i * 89) >> 3;
  const bitmap = await createImageBitmap(drawn, { colorSpaceConversion: "none" });
  const canvas = new OffscreenCanvas(side, side);
  const context = getContext(canvas);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const read = context.getImageData(0, 0, side, side).data;
  if (read.some((level, i) => level !== drawn.data[i])) {
    throw new Refused("this browser changes the pixels that a page reads");
  }
}
