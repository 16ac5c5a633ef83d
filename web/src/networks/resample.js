// Enlarges windows of the compact image (uint8), by bicubic interpolation with a = -1/2.

const TAPS = 4;
const LEVELS = Float32Array.from({ length: 256 }, (_, level) => level / 255);

/**
 * Finds the compact pixels that an interval of the enlarged axis depends on.
 * @param {number} start of the interval, in enlarged pixels
 * @param {number} stop end of the interval, exclusive
 * @param {number} size of the compact axis
 * @param {number} scale
 * @returns {[number, number]} start, and end exclusive
 */
export function findSource(start, stop, size, scale) {
  if (scale === 1) return [start, stop];
  const first = Math.max(0, Math.floor((start + 0.5) / scale - 1.5));
  const last = Math.floor((stop - 0.5) / scale + 2.5);
  return [Math.min(first, size - 1), Math.min(last, size)];
}

/**
 * Enlarges a part of a compact image. Values are not clipped.
 * @param {Uint8Array} part (rows, columns, channels), what `findSource` gives on both axes
 * @param {number} channels
 * @param {[number, number, number, number]} window y0, y1, x0, x1 of the enlarged image
 * @param {[number, number]} size (h, w) of the whole compact image
 * @param {number} scale
 * @returns {Float32Array} (y1 - y0, x1 - x0, channels); 0 to 255 becomes [0, 1]
 */
export function enlarge(part, channels, window, size, scale) {
  const [y0, y1, x0, x1] = window;
  if (scale === 1) return convertToFloat(part);
  const across = computeTaps(x0, x1, size[1], scale);
  const down = computeTaps(y0, y1, size[0], scale);
  const [left, right] = findSource(x0, x1, size[1], scale);
  const rows = part.length / ((right - left) * channels);
  const wide = resampleRows(part, rows, right - left, channels, across);
  return resampleColumns(wide, (x1 - x0) * channels, down);
}

function convertToFloat(part) {
  const values = new Float32Array(part.length);
  for (let i = 0; i < part.length; i++) values[i] = LEVELS[part[i]];
  return values;
}

/**
 * Computes for each enlarged pixel of an interval the compact pixels it depends on (TAPS of
 * them, counted from the interval's first) and their weights.
 */
function computeTaps(start, stop, size, scale) {
  const [first] = findSource(start, stop, size, scale);
  const n = Math.ceil(Math.ceil(size * scale) / scale);
  const places = new Int32Array(TAPS * (stop - start));
  const weights = new Float64Array(TAPS * (stop - start));
  for (let i = start; i < stop; i++) {
    const at = TAPS * (i - start);
    const c = (i + 0.5) / scale;
    const low = Math.max(0, Math.floor(c - 1.5));
    const high = Math.min(n, Math.floor(c + 2.5));
    let sum = 0;
    for (let j = low; j < high; j++) sum += weights[at + j - low] = evaluateKernel(j + 0.5 - c);
    for (let t = 0; t < TAPS; t++) {
      weights[at + t] /= sum;
      // The last pixel is repeated; taps beyond `high` have weight 0.
      places[at + t] = Math.min(low + t, high - 1, size - 1) - first;
    }
  }
  return { places, weights };
}

function evaluateKernel(x) {
  x = Math.abs(x);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

function resampleRows(part, rows, columns, channels, { places, weights }) {
  const width = places.length / TAPS;
  const wide = new Float32Array(rows * width * channels);
  let to = 0;
  for (let y = 0; y < rows; y++) {
    const row = y * columns * channels;
    for (let t = 0; t < places.length; t += TAPS) {
      const a = row + places[t] * channels, b = row + places[t + 1] * channels;
      const c = row + places[t + 2] * channels, d = row + places[t + 3] * channels;
      for (let k = 0; k < channels; k++) {
        wide[to++] =
          weights[t] * LEVELS[part[a + k]] + weights[t + 1] * LEVELS[part[b + k]] +
          weights[t + 2] * LEVELS[part[c + k]] + weights[t + 3] * LEVELS[part[d + k]];
      }
    }
  }
  return wide;
}

function resampleColumns(wide, stride, { places, weights }) {
  const enlarged = new Float32Array((places.length / TAPS) * stride);
  for (let t = 0, to = 0; t < places.length; t += TAPS) {
    const [a, b, c, d] = [0, 1, 2, 3].map((k) => places[t + k] * stride);
    const [p, q, r, s] = weights.subarray(t, t + TAPS);
    for (let x = 0; x < stride; x++) {
      enlarged[to++] = p * wide[a + x] + q * wide[b + x] + r * wide[c + x] + s * wide[d + x];
    }
  }
  return enlarged;
}
