"""Reads and writes .crae files: a header with the model and the size, coded values.

    magic "CRAE" | version 1 | model number 1 | model hash 4 | bits 1 |
    height, width (LEB128) | coded values | CRC-32 of all bytes before 4

The numbers are bytes. In the file of a digit, 17 bytes are not coded values.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from comrec.apps.autoencoder.quantiser import BITS_MAX
from comrec.errors import StreamError
from comrec.image import picture

MAGIC = b"CRAE"
VERSION = 1
HASH_BYTES, CRC_BYTES = 4, 4
SIDE_MAX_BYTES = 5  # of a side: 35 bits
_FIXED_BYTES = len(MAGIC) + 3 + HASH_BYTES
COPY = "Use another copy"


@dataclass(frozen=True)
class Stream:
    """Holds the content of a .crae file.

    Attributes:
      number: of the model; 0 for a model that is not released.
      hash: the first 4 bytes of the SHA-256 of the model's file.
      bits: of each latent value, 1 to 8.
      height_px, width_px: of the picture.
      payload: the latent values, entropy-coded.
    """

    number: int
    hash: bytes
    bits: int
    height_px: int
    width_px: int
    payload: bytes

    def to_bytes(self) -> bytes:
        """Returns the whole file."""
        head = MAGIC + bytes([VERSION, self.number])
        head += self.hash + bytes([self.bits])
        head += _write_varint(self.height_px) + _write_varint(self.width_px)
        return _add_checksum(head + self.payload)


def is_stream(data: bytes) -> bool:
    """Returns whether data begins and ends, checksum included, as a .crae file."""
    return data.startswith(MAGIC) and data == _add_checksum(data[:-CRC_BYTES])


def parse(data: bytes, max_pixels: int = picture.MAX_PIXELS) -> Stream:
    """Reads the header of a .crae file and checks the file's checksum.

    Args:
      data: the whole file.
      max_pixels: a larger picture is refused, before any value is decoded.

    Raises:
      StreamError: the data is no .crae, of another version, cut off or damaged.
      ImageError: the picture has more than max_pixels.
    """
    if not data.startswith(MAGIC):
        reason = "not a .crae file" if data else "empty file"
        raise StreamError(
            f"{reason}. Name one that `comrec autoencoder compress` wrote"
        )
    if len(data) <= len(MAGIC):
        raise StreamError(f"cut off. {COPY}")
    version = data[len(MAGIC)]
    if version != VERSION:
        raise StreamError(
            f".crae version {version}, but this comrec reads version {VERSION}. "
            f"Upgrade comrec, or use another copy if the file is damaged"
        )
    if (
        len(data) < _FIXED_BYTES + 2 + CRC_BYTES
        or _add_checksum(data[:-CRC_BYTES]) != data
    ):
        raise StreamError(f"cut off or damaged (its checksum does not fit). {COPY}")
    at = len(MAGIC) + 1
    number, digest, bits = data[at], data[at + 1 : at + 5], data[at + 5]
    height_px, at = _read_side(data, _FIXED_BYTES)
    width_px, at = _read_side(data, at)
    if not 1 <= bits <= BITS_MAX:
        raise StreamError(
            f"states {bits} bits a value, and 1 to {BITS_MAX} are legal. {COPY}"
        )
    picture.check_size(height_px, width_px, max_pixels)
    payload = data[at : len(data) - CRC_BYTES]
    return Stream(number, digest, bits, height_px, width_px, payload)


def _add_checksum(data: bytes) -> bytes:
    return data + zlib.crc32(data).to_bytes(CRC_BYTES, "little")


def _write_varint(number: int) -> bytes:
    low = []
    while number > 127:
        low.append(number & 127 | 128)
        number >>= 7
    return bytes([*low, number])


def _read_side(data: bytes, at: int) -> tuple[int, int]:
    """Reads a side in pixels, from 1, and returns the offset behind the side, too."""
    number = 0
    for i, byte in enumerate(
        data[at : min(at + SIDE_MAX_BYTES, len(data) - CRC_BYTES)]
    ):
        number |= (byte & 127) << 7 * i
        if byte < 128 and number:
            return number, at + i + 1
        if byte < 128:
            break
    raise StreamError(f"its size is damaged. {COPY}")
