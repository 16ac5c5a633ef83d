"""JPEG settings to go through, and a reader of JPEG headers that is not comrec's."""

from __future__ import annotations

import numpy as np
import pytest

from comrec.jpeg.encoders import MOZJPEG_TABLES
from comrec.jpeg.settings import JpegSettings

# ITU-T T.81, Tables K.1 and K.2, row by row.
LUMA = (
    16, 11, 10, 16, 24, 40, 51, 61,
    12, 12, 14, 19, 26, 58, 60, 55,
    14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77,
    24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101,
    72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip
CHROMA = (
    17, 18, 24, 47, 99, 99, 99, 99,
    18, 21, 26, 66, 99, 99, 99, 99,
    24, 26, 56, 99, 99, 99, 99, 99,
    47, 66, 99, 99, 99, 99, 99, 99,
    *[99] * 32,
)  # fmt: skip
# T.81, Figure A.6: the place of each row-major coefficient in the zigzag.
ZIGZAG = (
    0, 1, 5, 6, 14, 15, 27, 28,
    2, 4, 7, 13, 16, 26, 29, 42,
    3, 8, 12, 17, 25, 30, 41, 43,
    9, 11, 18, 24, 31, 40, 44, 53,
    10, 19, 23, 32, 39, 45, 52, 54,
    20, 22, 33, 38, 46, 51, 55, 60,
    21, 34, 37, 47, 50, 56, 59, 61,
    35, 36, 48, 49, 57, 58, 62, 63,
)  # fmt: skip
# T.81, Table K.3: luma DC code lengths of 1 to 16 bits, then the values.
DC_LUMA = bytes([0, 1, 5, 1, 1, 1, 1, 1, 1, *[0] * 7, *range(12)])
OWN = (tuple(range(1, 65)), tuple(range(64, 0, -1)))

TURBO = [
    JpegSettings(tables=tables, subsampling=subsampling, huffman=huffman, scans=scans)
    for tables in ("standard", "flat", OWN)
    for subsampling in ("4:4:4", "4:2:0")
    for huffman, scans in (
        ("optimised", "smaller"), ("optimised", "baseline"),
        ("optimised", "progressive"), ("standard", "baseline"),
    )
]  # fmt: skip
MOZ = [
    JpegSettings(encoder="mozjpeg", tables=tables, subsampling=subsampling, scans=scans)
    for tables in ("standard", "flat")
    for subsampling in ("4:4:4", "4:2:0")
    for scans in ("smaller", "baseline", "progressive")
] + [JpegSettings(encoder="mozjpeg", tables=name) for name in MOZJPEG_TABLES]
ENCODERS = [JpegSettings(encoder=name) for name in ("libjpeg-turbo", "mozjpeg")]


def short_name(settings: JpegSettings) -> str:
    tables = settings.tables if isinstance(settings.tables, str) else "own"
    parts = settings.encoder, tables, settings.subsampling, settings.scans
    return "-".join((*parts, settings.huffman))


every_setting = pytest.mark.parametrize("settings", TURBO + MOZ, ids=short_name)
both_encoders = pytest.mark.parametrize("settings", ENCODERS, ids=lambda s: s.encoder)


def photo(height: int = 37, width: int = 50, channels: int = 3) -> np.ndarray:
    """A smooth picture with an edge, uint8 (H, W, C), of odd size."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    planes = [128 + 100 * np.sin(x / 9 + c) * np.cos(y / (7 + c)) for c in range(3)]
    pixels = np.stack(planes[:channels], axis=-1)
    pixels[:, width // 2 :] *= 0.8
    return np.rint(pixels).astype(np.uint8)


def headers(data: bytes) -> list[tuple[int, bytes]]:
    """(marker, payload) of each segment up to the first scan."""
    assert data[:2] == b"\xff\xd8"
    found, i = [], 2
    while not found or found[-1][0] != 0xDA:
        assert data[i] == 0xFF
        size = int.from_bytes(data[i + 2 : i + 4], "big")
        found.append((data[i + 1], data[i + 4 : i + 2 + size]))
        i += 2 + size
    return found


def steps(data: bytes) -> list[tuple[int, ...]]:
    """The quantiser tables, row by row, in the order of their number."""
    body = b"".join(payload for marker, payload in headers(data) if marker == 0xDB)
    tables = {body[i]: body[i + 1 : i + 65] for i in range(0, len(body), 65)}
    assert all(number < 16 for number in tables)  # 8-bit tables
    return [tuple(tables[n][place] for place in ZIGZAG) for n in sorted(tables)]


def frame(data: bytes) -> tuple[int, bytes]:
    ((marker, payload),) = [h for h in headers(data) if h[0] in (0xC0, 0xC1, 0xC2)]
    return marker, payload


def sampling(data: bytes) -> list[int]:
    """Horizontal and vertical factor of each component, as two hex digits."""
    payload = frame(data)[1]
    return [payload[7 + 3 * i] for i in range(payload[5])]


def by_ijg(table: tuple[int, ...], percent: int) -> tuple[int, ...]:
    return tuple(min(max((step * percent + 50) // 100, 1), 255) for step in table)
