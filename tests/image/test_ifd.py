"""Directories of TIFF are read within the data, and copied byte for byte."""

from __future__ import annotations

import struct

import pictures
import pytest
from PIL import ExifTags, Image

from comrec.image import ifd


def block() -> bytes:
    """EXIF with all its directories, big-endian."""
    exif = Image.Exif()
    exif[0x0112], exif[0x013B] = 6, "Somebody"
    inner = exif.get_ifd(ExifTags.IFD.Exif)
    inner[0x829A], inner[0x927C] = 0.5, b"maker"
    inner[ExifTags.IFD.Interop] = {1: "R98"}
    exif.get_ifd(ExifTags.IFD.GPSInfo)[1] = "N"
    return exif.tobytes().removeprefix(b"Exif\0\0")


@pytest.mark.parametrize("turn", [1, 3, 8])
def test_the_orientation_changes_two_bytes_at_most(turn):
    changed = ifd.with_orientation(block(), turn)
    assert ifd.orientation(changed) == turn
    assert sum(a != b for a, b in zip(block(), changed, strict=True)) <= 2


def test_a_block_without_orientation_gets_one_and_keeps_the_rest():
    exif = pictures.exif().removeprefix(b"Exif\0\0")
    for given in (exif, None, b"rubbish"):
        changed = ifd.with_orientation(given, 6)
        kept = Image.Exif()
        kept.load(changed)
        assert kept[0x0112] == 6
        assert kept.get(0x013B) == ("Somebody" if given == exif else None)


@pytest.mark.parametrize(("kind", "form"), [
    (ifd.SHORT, "H"), (ifd.LONG, "I"), (1, "B"), (6, "b"), (8, "h"), (9, "i"),
])  # fmt: skip
def test_the_orientation_may_have_any_type_of_whole_numbers(kind, form):
    value = struct.pack(f"<{form}", 6)
    entries = {ifd.ORIENTATION: ifd.Entry(kind, 1, value, 0)}
    exif = b"II*\0\x08\0\0\0" + ifd.packed(entries, "<", False, 8)
    assert ifd.orientation(exif) == 6
    upright = ifd.with_orientation(exif, 1)
    assert ifd.orientation(upright) == 1
    assert len(upright) == len(exif)


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_directories_of_exif_are_copied_in_any_order_of_bytes(order):
    data = block()
    page = ifd.first(data)
    inside, leading = ifd.copied(data, page, order, 8)
    last = ifd.packed(leading, order, False, 8 + len(inside))
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(
        order + "I", 8 + len(inside)
    )
    found = Image.Exif()
    found.load(start + inside + last)
    assert found.get_ifd(ExifTags.IFD.Exif)[0x829A] == 0.5
    assert found.get_ifd(ExifTags.IFD.Exif)[0x927C] == b"maker"
    assert found.get_ifd(ExifTags.IFD.GPSInfo)[1] == "N"
    assert found.get_ifd(ExifTags.IFD.Interop) == {1: "R98"}


@pytest.mark.parametrize("data", [
    b"", b"II*\0", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff",
    b"II+\0\x08\0\0\0", b"no TIFF at all",
])  # fmt: skip
def test_damaged_data_are_told_as_such(data):
    with pytest.raises(ifd.DirectoryError):
        ifd.first(data)
    assert ifd.orientation(data) == 0


def test_a_ring_of_directories_ends():
    data = b"MM\0*\0\0\0\x08" + struct.pack(">HHHIHHI", 1, 0x0112, 3, 1, 6, 0, 8)
    assert len(list(ifd.chain(data, 1000))) == 1


def test_a_value_of_an_unknown_type_has_no_numbers():
    row = struct.pack(">HHHI4sI", 1, 0x0112, 99, 1, b"abcd", 0)
    found = ifd.first(b"MM\0*\0\0\0\x08" + row)
    assert found.numbers(0x0112, (7,)) == (7,)
