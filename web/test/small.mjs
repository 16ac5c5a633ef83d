// A small network of the comrec family, and the file it would come in.

const KINDS = { f32: 4, f16: 2, i8: 1 };

/** Any numbers about 0, the same each time. */
export function numbers(count, seed, most) {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return (state / 1073741824 - 1) * most;
  });
}

/** [name, shape, values] of every array. */
export function arraysOf(width = 8, blocks = 2) {
  const layers = [["head", [6, 6, 3, width]], ["told", [5, width]], ["gain", [5, 1]]];
  for (let i = 0; i < blocks; i++) {
    layers.push([`down0_${i}a`, [3, 3, width, width]], [`down0_${i}b`, [3, 3, width, width]]);
  }
  layers.push(["tail", [3, 3, width, 12]]);
  return layers.flatMap(([name, shape], i) => {
    const count = shape.reduce((product, side) => product * side);
    const maps = shape.at(-1);
    return [
      [`${name}/kernel`, shape, numbers(count, i + 1, 0.2)],
      [`${name}/bias`, [maps], numbers(maps, i + 100, 0.2)],
    ];
  });
}

export const HEADER = {
  format: 1, preset: "small", number: 99, hashes: "", scales: [2], channels: 3,
  multiple_px: 2, reach_px: 14, widths: [8], blocks: [2], bits: 32,
};

/**
 * Builds a network file as `comrec export --web` writes it.
 * @param {Array<[string, number[], ArrayBufferView, object?]>} arrays floats as they are;
 *   others with {type, step}
 */
export function fileOf(arrays, header = HEADER) {
  const entries = [], parts = [];
  let offset = 0;
  for (const [name, shape, values, more = { type: "f32" }] of arrays) {
    entries.push({ name, shape, offset, ...more });
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    parts.push([offset, bytes]);
    offset += Math.ceil(bytes.length / 4) * 4;
    if (values.BYTES_PER_ELEMENT !== KINDS[more.type]) throw new Error(`${name}: ${more.type}`);
  }
  let json = JSON.stringify({ ...header, arrays: entries });
  json += " ".repeat(-json.length & 3);
  const file = new Uint8Array(12 + json.length + offset);
  file.set(new TextEncoder().encode("comrecnn"));
  new DataView(file.buffer).setUint32(8, json.length, true);
  file.set(new TextEncoder().encode(json), 12);
  for (const [at, bytes] of parts) file.set(bytes, 12 + json.length + at);
  return file.buffer;
}
