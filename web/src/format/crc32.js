const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n;
});

/**
 * Computes the CRC-32 of zlib and PNG.
 * @param {Uint8Array} bytes
 * @param {number} [start] checksum of the preceding bytes
 * @returns {number} unsigned
 */
export function crc32(bytes, start = 0) {
  let crc = ~start;
  for (let i = 0; i < bytes.length; i++) crc = TABLE[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}
