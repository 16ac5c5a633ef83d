"""Encodes PNG files on several cores; Pillow's encoder uses one."""

from __future__ import annotations

import functools
import io
import itertools
import struct
import zlib
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from PIL import Image

from comrec.system import cores

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Of zlib. Takes a third of the default level's time; photos are 10 % larger, smooth
# drawings more.
LEVEL = 2
BAND_BYTES = 2**20  # of pixels per task
AVERAGE = 3  # the row filter: of the cheap filters the one with the smallest files
ADLER_MODULUS = 65_521
RAW_DEFLATE = -15  # for zlib: no header, the largest window
HEADER = b"\x78\x01"  # of a zlib stream


class Band(NamedTuple):
    """Holds a range of rows, filtered and compressed."""

    deflated: bytes
    adler: int  # Adler-32 of the filtered rows
    size_bytes: int  # of the filtered rows


def encode(
    pixels: np.ndarray,
    threads: int = 1,
    extra: Iterable[tuple[bytes, bytes]] = (),
    **options: object,
) -> bytes:
    """Encodes a PNG. The bytes do not depend on the number of threads.

    Args:
      pixels: uint8 (H, W), (H, W, 2), (H, W, 3) or (H, W, 4): grey, grey + alpha, RGB,
        RGBA.
      threads: cores; 0 takes all cores.
      extra: kind and data of chunks to stand before the pixels, as they are.
      options: metadata, as options of Pillow's PNG encoder.

    Returns:
      The whole file.
    """
    height, width = pixels.shape[:2]
    rows = pixels.reshape(height, -1)
    step = max(BAND_BYTES // rows.shape[1], 1)
    starts = range(0, height, step)
    work = [
        functools.partial(_band, rows, start, start + step, width) for start in starts
    ]
    bands = cores.run_parallel(work, threads)
    # Pillow writes header and metadata, around a single pixel.
    out = io.BytesIO()
    Image.fromarray(pixels[:1, :1]).save(out, "PNG", **options)
    made = [SIGNATURE]
    for kind, data in _chunks(out.getvalue()):
        if kind == b"IHDR":
            data = struct.pack(">2I", width, height) + data[8:]
        if kind == b"IDAT":
            for each in extra:
                made += _chunk(*each)
            made += _pixels(bands)
        else:
            made += _chunk(kind, data)
    return b"".join(made)


def _band(rows: np.ndarray, start: int, stop: int, width: int) -> Band:
    """Filters and compresses the rows from `start` to `stop`, or to the last row."""
    band, sample = rows[start:stop], rows.shape[1] // width
    filtered = np.empty((band.shape[0], 1 + band.shape[1]), np.uint8)
    filtered[:, 0] = AVERAGE
    left, above = np.zeros_like(band), np.zeros_like(band)
    left[:, sample:] = band[:, :-sample]
    above[1:] = band[:-1]
    if start:
        above[0] = rows[start - 1]
    # (left & above) + ((left ^ above) >> 1) is the mean, rounded down, within 8 bits.
    np.subtract(band, (left & above) + ((left ^ above) >> 1), out=filtered[:, 1:])
    deflate = zlib.compressobj(LEVEL, wbits=RAW_DEFLATE)
    is_last = stop >= len(rows)
    deflated = deflate.compress(filtered.data) + deflate.flush(
        zlib.Z_FINISH if is_last else zlib.Z_SYNC_FLUSH
    )
    return Band(deflated, zlib.adler32(filtered.data), filtered.size)


def _pixels(bands: list[Band]) -> list[bytes]:
    """Returns the chunks of one zlib stream: header, bands, checksum."""
    low, high = 1, 0  # Adler-32: sum of the bytes, sum of these sums
    for band in bands:
        high += (band.adler >> 16) + band.size_bytes * (low - 1)
        low += (band.adler & 0xFFFF) - 1
    adler = struct.pack(">2H", high % ADLER_MODULUS, low % ADLER_MODULUS)
    made = [_chunk(b"IDAT", band.deflated) for band in bands]
    return [*_chunk(b"IDAT", HEADER), *itertools.chain(*made), *_chunk(b"IDAT", adler)]


def _chunk(kind: bytes, data: bytes) -> list[bytes]:
    """Returns the parts of a chunk, unjoined to save a copy of the data."""
    check = zlib.crc32(data, zlib.crc32(kind))
    return [struct.pack(">I", len(data)), kind, data, struct.pack(">I", check)]


def _chunks(png: bytes) -> list[tuple[bytes, bytes]]:
    """Returns kind and data of each chunk of a PNG that Pillow wrote."""
    found, at = [], len(SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        found.append((png[at + 4 : at + 8], png[at + 8 : at + 8 + length]))
        at += length + 12
    return found
