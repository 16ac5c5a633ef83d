/** Runs the network in plain JavaScript: slow, the reference for the other backends. */

/**
 * Packs each 2x2 pixels into the channels of one (space-to-depth).
 *
 * @param {Float32Array} pixels (2h, 2w, channels)
 * @param {number} h height of the result
 * @param {number} w width of the result
 * @param {number} channels of `pixels`
 * @returns {Float32Array} (h, w, 4 channels)
 */
export function packPixels(pixels, h, w, channels) {
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
 * Unpacks channels into 2x2 pixels each (depth-to-space), and multiplies them by `gain`.
 *
 * @param {Float32Array} values (h, w, 4 channels)
 * @param {number} h height of `values`
 * @param {number} w width of `values`
 * @param {number} channels of the result
 * @param {number} gain
 * @returns {Float32Array} (2h, 2w, channels)
 */
export function unpackPixels(values, h, w, channels, gain) {
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

/**
 * Applies a fully connected layer.
 *
 * @param {import("./layers.js").Layer} layer
 * @param {Float32Array} input (inputs,)
 * @returns {Float32Array} (maps,)
 */
export function applyDense({ kernel, bias }, input) {
  return bias.map((sum, map) => {
    for (let i = 0; i < input.length; i++) sum += input[i] * kernel.values[i * bias.length + map];
    return sum;
  });
}

/**
 * Computes the residual as `Network.computeResidual` does.
 *
 * @param {import("./layers.js").Layers} layers
 * @param {Float32Array} enlarged (height, width, 3), RGB in [0, 1]
 * @param {number} height in pixels, even
 * @param {number} width in pixels, even
 * @param {Float32Array} condition (5,), see condition.js
 * @returns {Float32Array} (height, width, 3), not clipped
 */
export function computeResidual(layers, enlarged, height, width, condition) {
  const { head, blocks, tail, condition: conditioning, gain } = layers;
  const [h, w] = [height / 2, width / 2];
  const shift = applyDense(conditioning, condition);
  let x = packPixels(enlarged, h, w, 3);
  x = convolve(x, h, w, { kernel: head.kernel, bias: head.bias.map((b, i) => b + shift[i]) });
  for (const [first, second] of blocks) {
    const inner = convolve(x, h, w, first).map((value) => Math.max(value, 0));
    const change = convolve(inner, h, w, second);
    x = x.map((value, i) => value + change[i]);
  }
  return unpackPixels(convolve(x, h, w, tail), h, w, 3, Math.exp(applyDense(gain, condition)[0]));
}

/** Convolves (h, w, channels) by a 3x3 kernel into (h, w, maps), with zeros outside. */
function convolve(input, h, w, { kernel: { shape, values }, bias }) {
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
