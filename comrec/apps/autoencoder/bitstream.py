"""The .crae file: a header that names the model and the size, and coded values.

    magic "CRAE" | version 1 | model number 1 | model hash 4 | bits 1 |
    height, width (LEB128) | coded values | CRC-32 of all before 4

Numbers say how many bytes; 17 of a digit's file are not coded values.
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
    """What a .crae says.

    Attributes:
      number: of the model; 0 for one that is not released.
      hash: the first 4 bytes of the SHA-256 of the model's file.
      bits: of each latent value, 1 to 8.
      height_px, width_px: of the picture.
      payload: the values, entropy-coded.
    """

    number: int
    hash: bytes
    bits: int
    height_px: int
    width_px: int
    payload: bytes

    def to_bytes(self) -> bytes:
        """The whole file."""
        head = MAGIC + bytes([VERSION, self.number])
        head += self.hash + bytes([self.bits])
        head += _varint(self.height_px) + _varint(self.width_px)
        return _sealed(head + self.payload)


def is_stream(data: bytes) -> bool:
    """Tells whether data begin and end, with their checksum, as a .crae file."""
    return data.startswith(MAGIC) and data == _sealed(data[:-CRC_BYTES])


def parse(data: bytes, max_pixels: int = picture.MAX_PIXELS) -> Stream:
    """Reads a .crae.

    Args:
      max_pixels: a larger picture is refused, before anything is decoded.

    Raises:
      StreamError: not a .crae, of another version, cut off or damaged.
      ImageError: beyond the limit.
    """
    if not data.startswith(MAGIC):
        what = "not a .crae file" if data else "empty file"
        raise StreamError(f"{what}. Name one that `comrec autoencoder compress` wrote")
    if len(data) <= len(MAGIC):
        raise StreamError(f"cut off. {COPY}")
    version = data[len(MAGIC)]
    if version != VERSION:
        raise StreamError(
            f".crae version {version}, but this comrec reads version {VERSION}. "
            f"Upgrade comrec, or use another copy if the file is damaged"
        )
    if len(data) < _FIXED_BYTES + 2 + CRC_BYTES or _sealed(data[:-CRC_BYTES]) != data:
        raise StreamError(f"cut off or damaged (its checksum does not fit). {COPY}")
    at = len(MAGIC) + 1
    number, digest, bits = data[at], data[at + 1 : at + 5], data[at + 5]
    height_px, at = _side(data, _FIXED_BYTES)
    width_px, at = _side(data, at)
    if not 1 <= bits <= BITS_MAX:
        raise StreamError(
            f"says {bits} bits a value, and 1 to {BITS_MAX} are legal. {COPY}"
        )
    picture.check_size(height_px, width_px, max_pixels)
    payload = data[at : len(data) - CRC_BYTES]
    return Stream(number, digest, bits, height_px, width_px, payload)


def _sealed(data: bytes) -> bytes:
    return data + zlib.crc32(data).to_bytes(CRC_BYTES, "little")


def _varint(number: int) -> bytes:
    low = []
    while number > 127:
        low.append(number & 127 | 128)
        number >>= 7
    return bytes([*low, number])


def _side(data: bytes, at: int) -> tuple[int, int]:
    """A side in pixels, at least 1, and where what follows it begins."""
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
