"""A Display-P3 profile, as phones put into their photos."""

from __future__ import annotations

import struct

# Primaries and white of P3-D65, adapted to D50 (Bradford), as XYZ.
RED = (0.51512, 0.24120, -0.00105)
GREEN = (0.29198, 0.69225, 0.04189)
BLUE = (0.15710, 0.06657, 0.78407)
WHITE = (0.96420, 1.0, 0.82491)
# sRGB's curve, as a parametric one of ICC.1: gamma, a, b, c, d.
CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def display_p3() -> bytes:
    """An ICC profile (version 4, matrix and curves)."""
    curve = b"para" + bytes(4) + struct.pack(">HH", 3, 0) + _fixed(*CURVE)
    tags = [
        (b"desc", _text("Display P3")), (b"cprt", _text("CC0")),
        (b"wtpt", _xyz(WHITE)),
        (b"rXYZ", _xyz(RED)), (b"gXYZ", _xyz(GREEN)), (b"bXYZ", _xyz(BLUE)),
        (b"rTRC", curve), (b"gTRC", curve), (b"bTRC", curve),
    ]  # fmt: skip
    table, data = b"", b""
    start = 128 + 4 + 12 * len(tags)
    for name, content in tags:
        table += name + struct.pack(">II", start + len(data), len(content))
        data += content + bytes(-len(content) % 4)
    body = struct.pack(">I", len(tags)) + table + data
    header = struct.pack(">I4sI", 128 + len(body), bytes(4), 0x04000000)
    header += b"mntrRGB XYZ " + struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp"
    header += bytes(28) + _fixed(*WHITE)
    return header.ljust(128, b"\0") + body


def _fixed(*values: float) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65_536)) for value in values)


def _xyz(values: tuple[float, float, float]) -> bytes:
    return b"XYZ " + bytes(4) + _fixed(*values)


def _text(text: str) -> bytes:
    encoded = text.encode("utf-16-be")
    head = struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(encoded), 28)
    return b"mluc" + bytes(4) + head + encoded
