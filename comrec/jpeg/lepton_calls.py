"""Calls the Lepton library; `lepton` does so in a child process."""

from __future__ import annotations

import zlib

# More parts would be coded in parallel, in 0.2 to 1.1 % more bytes.
CONFIG = {"max_partitions": 1}
# Bytes of the header that decoders pass over: three that are reserved, and four of the
# revision of the program that wrote the file.
CHECK_AT, CRC_AT = slice(5, 8), slice(16, 20)
CHECK = b"crc"  # where the CRC-32 of the JPEG stands in place of the revision


def pack(jpeg: bytes) -> bytes:
    """Packs a JPEG, with its CRC-32, and unpacks it once for comparison.

    Raises:
      Exception: the library refuses the JPEG, or does not give it back.
    """
    import lepton_jpeg_python

    packed = bytearray(lepton_jpeg_python.compress_bytes(jpeg, CONFIG))
    packed[CHECK_AT] = CHECK
    packed[CRC_AT] = zlib.crc32(jpeg).to_bytes(4, "little")
    if unpack(bytes(packed)) != jpeg:
        raise ValueError("it would not come back to the byte")
    return bytes(packed)


def unpack(packed: bytes) -> bytes:
    """Unpacks a JPEG; raises an Exception for damaged data."""
    import lepton_jpeg_python

    return bytes(lepton_jpeg_python.decompress_bytes(packed))
