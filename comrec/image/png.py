"""PNG files from pixels, on several cores: Pillow's encoder works on one."""

from __future__ import annotations

import functools
import io
import itertools
import struct
import zlib
from typing import NamedTuple

import numpy as np
from PIL import Image

from comrec.system import cores

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Of zlib: a third of the time of its default. Photos are 10 % larger then, and smooth
# drawings more.
LEVEL = 2
BAND_BYTES = 2**20  # of pixels that are compressed at a time
AVERAGE = 3  # the filter of every row: of those that cost little the smallest
ADLER_MODULUS = 65_521
RAW_DEFLATE = -15  # for zlib: no header, the largest window
HEADER = b"\x78\x01"  # of a zlib stream, whose checksum comes at its end


class Band(NamedTuple):
    """Some rows, filtered and compressed."""

    deflated: bytes
    adler: int  # Adler-32 of what was compressed
    size_bytes: int  # of that


def encode(pixels: np.ndarray, threads: int = 1, **options: object) -> bytes:
    """A PNG, the same bytes whatever the threads.

    Args:
      pixels: uint8 (H, W), (H, W, 2), (H, W, 3) or (H, W, 4): grey, grey + alpha, RGB,
        RGBA.
      threads: cores; 0 takes them all.
      options: metadata, as Pillow's PNG encoder takes them.
    """
    height, width = pixels.shape[:2]
    rows = pixels.reshape(height, -1)
    step = max(BAND_BYTES // rows.shape[1], 1)
    starts = range(0, height, step)
    work = [
        functools.partial(_band, rows, start, start + step, width) for start in starts
    ]
    bands = cores.run_parallel(work, threads)
    # Pillow writes all but the picture: around a single pixel.
    out = io.BytesIO()
    Image.fromarray(pixels[:1, :1]).save(out, "PNG", **options)
    made = [SIGNATURE]
    for kind, data in _chunks(out.getvalue()):
        if kind == b"IHDR":
            data = struct.pack(">2I", width, height) + data[8:]
        if kind == b"IDAT":
            made += _pixels(bands)
        else:
            made += _chunk(kind, data)
    return b"".join(made)


def _band(rows: np.ndarray, start: int, stop: int, width: int) -> Band:
    """The rows from `start` to `stop`, if there are as many, each with its filter."""
    band, sample = rows[start:stop], rows.shape[1] // width
    filtered = np.empty((band.shape[0], 1 + band.shape[1]), np.uint8)
    filtered[:, 0] = AVERAGE
    left, above = np.zeros_like(band), np.zeros_like(band)
    left[:, sample:] = band[:, :-sample]
    above[1:] = band[:-1]
    if start:
        above[0] = rows[start - 1]
    # Half the sum, rounded down, in 8 bits: what both have, and half of the rest.
    np.subtract(band, (left & above) + ((left ^ above) >> 1), out=filtered[:, 1:])
    deflate = zlib.compressobj(LEVEL, wbits=RAW_DEFLATE)
    is_last = stop >= len(rows)
    deflated = deflate.compress(filtered.data) + deflate.flush(
        zlib.Z_FINISH if is_last else zlib.Z_SYNC_FLUSH
    )
    return Band(deflated, zlib.adler32(filtered.data), filtered.size)


def _pixels(bands: list[Band]) -> list[bytes]:
    """Chunks that together hold one zlib stream, a band in each but the ends."""
    low, high = 1, 0  # of the checksum: sum of the bytes, sum of these sums
    for band in bands:
        high += (band.adler >> 16) + band.size_bytes * (low - 1)
        low += (band.adler & 0xFFFF) - 1
    adler = struct.pack(">2H", high % ADLER_MODULUS, low % ADLER_MODULUS)
    made = [_chunk(b"IDAT", band.deflated) for band in bands]
    return [*_chunk(b"IDAT", HEADER), *itertools.chain(*made), *_chunk(b"IDAT", adler)]


def _chunk(kind: bytes, data: bytes) -> list[bytes]:
    """Its parts, for what they hold may be large."""
    check = zlib.crc32(data, zlib.crc32(kind))
    return [struct.pack(">I", len(data)), kind, data, struct.pack(">I", check)]


def _chunks(png: bytes) -> list[tuple[bytes, bytes]]:
    """Kind and data of each chunk of a PNG that Pillow wrote."""
    found, at = [], len(SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        found.append((png[at + 4 : at + 8], png[at + 8 : at + 8 + length]))
        at += length + 12
    return found
