"""Finds the bytes of an item, such as EXIF, in an ISO base media file."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from comrec.errors import ImageError

Boxes = Callable[[bytes, int, int], Iterator[tuple[bytes, int, int]]]
_IN_FILE, _IN_IDAT = 0, 1  # methods of construction
_ITEMS_MAX, _EXTENTS_MAX = 10_000, 100  # bound the time for a hostile file


def exif(data: bytes, boxes: Boxes) -> bytes | None:
    """Returns the EXIF block of a file byte for byte; None without a whole one.

    Args:
      data: the whole file.
      boxes: `isobmff.boxes`.
    """
    try:
        return _find_exif(data, boxes)
    except (struct.error, IndexError, ImageError):
        return None  # a damaged table; the decoder may still find the block


def _find_exif(data: bytes, boxes: Boxes) -> bytes | None:
    for kind, start, end in boxes(data, 0, len(data)):
        if kind != b"meta":
            continue
        inside = {k: (a, b) for k, a, b in boxes(data, start + 4, end)}
        if not {b"iinf", b"iloc"} <= inside.keys():
            return None
        number = _number(data, *inside[b"iinf"], boxes)
        idat = inside.get(b"idat", (0, 0))
        block = _content(data, *inside[b"iloc"], number, idat) if number else b""
        skipped = int.from_bytes(block[:4], "big")
        return block[4 + skipped :].removeprefix(b"Exif\0\0") or None
    return None


def _number(data: bytes, start: int, end: int, boxes: Boxes) -> int:
    """Returns the number of the first EXIF item; 0 without one."""
    start += 6 if data[start] == 0 else 8
    for kind, a, b in boxes(data, start, end):
        if kind == b"infe" and data[a] in (2, 3):
            width = 2 if data[a] == 2 else 4
            if data[a + 4 + width + 2 : b][:4] == b"Exif":
                return int.from_bytes(data[a + 4 : a + 4 + width], "big")
    return 0


def _content(
    data: bytes, start: int, end: int, number: int, idat: tuple[int, int]
) -> bytes:
    """Returns the bytes of an item, by the table of places; b"" without them."""
    table, version = data[start:end], data[start]
    at = 6

    def take(size: int) -> int:
        nonlocal at
        at += size
        if at > len(table):
            raise IndexError("the table of places ends early")
        return int.from_bytes(table[at - size : at], "big")

    def bounded(count: int, most: int) -> int:
        if count > most:
            raise IndexError("more items than pictures have")
        return count

    offsets, lengths = table[4] >> 4, table[4] & 15
    bases, indices = table[5] >> 4, table[5] & 15 if version else 0
    wide = 4 if version == 2 else 2
    for _ in range(bounded(take(wide), _ITEMS_MAX)):
        found = take(wide)
        method = take(2) & 15 if version else _IN_FILE
        take(2)  # which file: this one
        base = take(bases)
        extents = [
            (take(indices), take(offsets), take(lengths))
            for _ in range(bounded(take(2), _EXTENTS_MAX))
        ]
        if found == number and method in (_IN_FILE, _IN_IDAT):
            first, last = idat if method == _IN_IDAT else (0, len(data))
            spans = [(first + base + o, size) for _, o, size in extents]
            whole = all(size and o + size <= last for o, size in spans)
            return b"".join(data[o : o + n] for o, n in spans) if whole else b""
    return b""
