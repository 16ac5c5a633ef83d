// Reads how a JPEG's pixels lie, from its EXIF.

const APP1 = 0xe1;
const EXIF = [0x45, 0x78, 0x69, 0x66, 0, 0]; // "Exif\0\0"
const ORIENTATION = 0x0112;
const SHORT = 3; // type of the entry
const ENTRY_BYTES = 12;
const UPRIGHT = 1;

/**
 * Reads the orientation of a JPEG.
 * @param {import("./jpeg.js").Segment[]} found
 * @returns {number} 1 to 8 as EXIF numbers it; 1, upright, where EXIF does not say
 */
export function readOrientation(found) {
  const exif = found.find(
    ({ marker, content }) => marker === APP1 && EXIF.every((byte, i) => byte === content[i]),
  );
  if (!exif) return UPRIGHT;
  const { buffer, byteOffset, length } = exif.content.subarray(EXIF.length);
  try {
    return readFirstDirectory(new DataView(buffer, byteOffset, length));
  } catch (error) {
    if (error instanceof RangeError) return UPRIGHT; // cut off
    throw error;
  }
}

function readFirstDirectory(view) {
  const isLittle = view.getUint16(0) === 0x4949;
  const start = view.getUint32(4, isLittle);
  const count = view.getUint16(start, isLittle);
  for (let i = 0; i < count; i++) {
    const at = start + 2 + i * ENTRY_BYTES;
    if (view.getUint16(at, isLittle) !== ORIENTATION) continue;
    if (view.getUint16(at + 2, isLittle) !== SHORT) return UPRIGHT;
    const orientation = view.getUint16(at + 8, isLittle);
    return orientation >= 1 && orientation <= 8 ? orientation : UPRIGHT;
  }
  return UPRIGHT;
}
