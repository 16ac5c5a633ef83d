/** The network in plain JavaScript: slow, and what faster backends are held against. */

/**
 * 2x2 pixels become channels, in the order of depth-to-space.
 *
 * @param {Float32Array} pixels (2h, 2w, channels)
 * @returns {Float32Array} (h, w, 4 channels)
 */
export function toChannels(pixels, h, w, channels) {
  const out = new Float32Array(pixels.length);
  const part = 2 * channels;
  for (let y = 0, at = 0; y < 2 * h; y++) {
    for (let x = 0; x < w; x++) {
      let to = ((y >> 1) * w + x) * 2 * part + (y & 1) * part;
      for (let i = 0; i < part; i++) out[to++] = pixels[at++];
    }
  }
  return out;
}

/**
 * The way back, times a number.
 *
 * @param {Float32Array} values (h, w, 4 channels)
 * @returns {Float32Array} (2h, 2w, channels)
 */
export function toPixels(values, h, w, channels, gain) {
  const out = new Float32Array(values.length);
  const part = 2 * channels;
  for (let y = 0, at = 0; y < 2 * h; y++) {
    for (let x = 0; x < w; x++) {
      let from = ((y >> 1) * w + x) * 2 * part + (y & 1) * part;
      for (let i = 0; i < part; i++) out[at++] = values[from++] * gain;
    }
  }
  return out;
}

/** A layer of one number per map, from a few. */
export function dense({ kernel, bias }, input) {
  return bias.map((sum, map) => {
    for (let i = 0; i < input.length; i++) sum += input[i] * kernel.values[i * bias.length + map];
    return sum;
  });
}

/**
 * What `Network.residual` gives.
 *
 * @param {import("./layers.js").Layers} layers
 */
export function residual({ head, blocks, tail, told, gain }, enlarged, height, width, condition) {
  const [h, w] = [height / 2, width / 2];
  const more = dense(told, condition);
  let x = toChannels(enlarged, h, w, 3);
  x = conv(x, h, w, { kernel: head.kernel, bias: head.bias.map((b, i) => b + more[i]) });
  for (const [first, second] of blocks) {
    const inner = conv(x, h, w, first).map((value) => Math.max(value, 0));
    const change = conv(inner, h, w, second);
    x = x.map((value, i) => value + change[i]);
  }
  return toPixels(conv(x, h, w, tail), h, w, 3, Math.exp(dense(gain, condition)[0]));
}

/** A 3x3 convolution, zeros outside. (h, w, C) to (h, w, maps). */
function conv(input, h, w, { kernel: { shape, values }, bias }) {
  const [, , channels, maps] = shape;
  const out = new Float32Array(h * w * maps);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const sums = out.subarray((y * w + x) * maps, (y * w + x + 1) * maps);
      sums.set(bias);
      for (let dy = Math.max(0, 1 - y); dy < Math.min(3, h + 1 - y); dy++) {
        for (let dx = Math.max(0, 1 - x); dx < Math.min(3, w + 1 - x); dx++) {
          const from = ((y + dy - 1) * w + x + dx - 1) * channels;
          let weight = (dy * 3 + dx) * channels * maps;
          for (let c = 0; c < channels; c++) {
            const value = input[from + c];
            for (let m = 0; m < maps; m++) sums[m] += value * values[weight++];
          }
        }
      }
    }
  }
  return out;
}
