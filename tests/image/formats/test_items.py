"""EXIF of an AVIF comes byte for byte, from any place that a table can name."""

from __future__ import annotations

import struct

import pictures
import pytest

from comrec.image import reader
from comrec.image.formats import isobmff, items
from comrec.image.formats.isobmff import boxes

EXIF = pictures.exif()[6:]


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def made(table: bytes, content: bytes, version: int = 0) -> bytes:
    """A file with one item of EXIF, number 7, and a table of places."""
    entry = struct.pack(">BBHHH4s", 2, 0, 0, 7, 0, b"Exif")
    iinf = bytes(4) + b"\0\1" + box(b"infe", entry)
    iloc = bytes((version, 0, 0, 0)) + table
    inside = box(b"iinf", iinf) + box(b"iloc", iloc) + box(b"idat", content)
    return box(b"ftyp", b"avif") + box(b"meta", bytes(4) + inside)


CONTENT = bytes(4) + EXIF
IN_IDAT = struct.pack(">BBHHHHH", 0x44, 0, 1, 7, 1, 0, 1) + struct.pack(
    ">II", 0, len(CONTENT)
)


def test_an_item_is_found_beside_the_table():
    assert items.exif(made(IN_IDAT, CONTENT, 1), boxes) == EXIF


def test_an_item_is_found_in_the_file_in_pieces():
    def with_places(first: int) -> bytes:
        pieces = struct.pack(">IIII", first, 9, first + 9, len(CONTENT) - 9)
        table = struct.pack(">BBHHHH", 0x44, 0, 1, 7, 0, 2) + pieces
        return made(table, CONTENT)

    place = with_places(0).index(CONTENT)
    assert items.exif(with_places(place), boxes) == EXIF


@pytest.mark.parametrize("table", [
    b"", b"\x44\0", IN_IDAT[:-1], IN_IDAT[:-4] + b"\xff\xff\xff\xff",
    struct.pack(">BBHHHHH", 0, 0, 1, 7, 1, 0, 60_000),
    struct.pack(">BBH", 0, 0, 60_000), struct.pack(">BBHHHHH", 0, 0, 1, 8, 1, 0, 0),
])  # fmt: skip
def test_a_damaged_table_gives_no_block(table):
    assert items.exif(made(table, CONTENT, 1), boxes) is None


def test_letters_outside_of_ascii_come_through_a_turned_avif():
    """Pillow writes EXIF anew where a box says the orientation."""
    data = pictures.file_of(pictures.photo(), "AVIF", exif=pictures.exif(6, "Jos?"))
    assert isobmff.brands(data) >= {b"avif"}
    picture = reader.read(data.replace(b"Jos?", b"Jos\xe9"))
    assert picture.size == (56, 40)
    assert b"Jos\xe9" in (picture.metadata.exif or b"")
