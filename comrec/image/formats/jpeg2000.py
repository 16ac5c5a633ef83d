"""Parses JPEG 2000: the size and depth in its codestream, and its boxes."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import replace

from comrec.errors import ImageError
from comrec.image.formats.isobmff import boxes
from comrec.image.formats.parsed import Parsed, damaged, unsupported
from comrec.image.metadata import Metadata
from comrec.image.notes import Notes

BOX_START, STREAM_START = b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51"
_START_OF_TILE, _COMMENT = 0x90, 0x64
TILES_MAX = 65_535
_COLOUR, _ALPHA, _MULTIPLIED = 0, 1, 2  # kinds of channels
_XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_EXIF_UUID = b"JpgTiffExif->JP2"


def parse(data: bytes, notes: Notes) -> Parsed:
    """Parses a JPEG 2000, as a file of boxes or as a codestream.

    Raises:
      ImageError: the structure is broken, or the kind is none that is read.
    """
    place, metadata, kinds = 0, Metadata(), set[int]()
    if data.startswith(BOX_START):
        place, metadata, kinds = _boxes(data, notes)
    if _MULTIPLIED in kinds:
        raise unsupported("a JPEG 2000 whose colours are multiplied by alpha")
    if is_other := not kinds <= {_COLOUR, _ALPHA}:
        notes.leave_out("channels", "a channel that is not alpha was left out")
    siz = data[place + 2 : place + 42]
    if data[place : place + 4] != STREAM_START or len(siz) < 40:
        raise damaged("no header")
    x1, y1, x0, y0, tile_x, tile_y, tx0, ty0, count = struct.unpack_from(">8IH", siz, 6)
    parts = data[place + 42 : place + 42 + 3 * count]
    if not (x1 > x0 and y1 > y0 and tile_x and tile_y and 1 <= count <= 4):
        if count > 4:
            raise unsupported(f"a JPEG 2000 of {count} channels")
        raise damaged("its header makes no sense")
    tiles = -(-(x1 - tx0) // tile_x) * -(-(y1 - ty0) // tile_y)
    if len(parts) < 3 * count or tiles > TILES_MAX:
        raise damaged("its header makes no sense")
    depths = [(part & 0x7F) + 1 for part in parts[::3]]
    if any(part & 0x80 for part in parts[::3]):
        raise ImageError(
            "its values are signed. Convert it to unsigned 8 or 16 bits first"
        )
    if data[-2:] != b"\xff\xd9" and b"\xff\xd9" not in data[-64:]:
        raise damaged("the file ends before the picture")
    comments = tuple(_comments(data, place + 2))
    if comments:
        metadata = replace(metadata, comment=comments)
    return Parsed(
        "JPEG 2000", max(depths), y1 - y0, x1 - x0, data, metadata,
        has_alpha=not is_other,
    )  # fmt: skip


def _comments(data: bytes, at: int) -> Iterator[bytes]:
    """Yields the texts among the comments of the main header."""
    while data[at : at + 1] == b"\xff" and at + 4 <= len(data):
        marker, size = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == _START_OF_TILE or size < 2:
            return
        text = data[at + 6 : at + 2 + size]
        is_text = marker == _COMMENT and data[at + 4 : at + 6] == b"\0\1"
        if is_text and text and not text.startswith(b"Created by OpenJPEG"):
            yield text
        at += 2 + size


def _boxes(data: bytes, notes: Notes) -> tuple[int, Metadata, set[int]]:
    """Returns the place of the codestream, the metadata, and the kinds of channels."""
    place, kinds = 0, set[int]()
    icc = exif = xmp = None
    for kind, start, end in boxes(data, 0, len(data)):
        if kind == b"jp2c" and not place:
            place = start
        elif kind == b"jp2h":
            for inner, a, b in boxes(data, start, end):
                if inner == b"colr" and data[a] == 2:
                    icc = icc or data[a + 3 : b]
                if inner == b"cdef":
                    kinds |= _channel_kinds(data[a:b])
        elif kind == b"uuid" and data[start : start + 16] == _XMP_UUID:
            xmp = data[start + 16 : end]
        elif kind == b"uuid" and data[start : start + 16] == _EXIF_UUID:
            exif = data[start + 16 : end].removeprefix(b"Exif\0\0")
        elif kind in (b"uuid", b"xml ", b"jp2i", b"jumb"):
            name = kind.decode().strip()
            notes.leave_out("application data", f"left out, of no known kind: {name}")
    return place, Metadata(exif=exif or None, icc=icc or None, xmp=xmp or None), kinds


def _channel_kinds(box: bytes) -> set[int]:
    """Returns the kinds of a list of channels: number, kind and colour of each."""
    return {
        int.from_bytes(box[at + 2 : at + 4], "big") for at in range(2, len(box) - 5, 6)
    }
