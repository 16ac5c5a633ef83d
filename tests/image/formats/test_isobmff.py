"""AVIF and HEIC: depth, orientation, colour and what else stands in a file."""

from __future__ import annotations

import struct
import sys

import numpy as np
import pictures
import pytest

from comrec.errors import ImageError
from comrec.image import reader
from comrec.image.formats import isobmff

AVIF = pictures.file_of(pictures.photo(), "AVIF", quality=100, subsampling="4:4:4")


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def test_an_avif_is_read_as_close_as_it_was_written():
    picture = reader.read(AVIF)
    assert np.abs(picture.pixels.astype(int) - pictures.photo()).mean() < 2
    assert picture.notes == ()


def test_alpha_exif_icc_and_xmp_of_an_avif_are_kept():
    data = pictures.file_of(
        pictures.with_alpha(pictures.photo()), "AVIF", exif=pictures.exif(),
        icc_profile=pictures.icc(), xmp=pictures.XMP % 1,
    )  # fmt: skip
    picture = reader.read(data)
    assert picture.alpha is not None
    assert picture.metadata.kinds() == ["exif", "icc", "xmp"]


@pytest.mark.parametrize("turn", [3, 6, 8])
def test_the_orientation_of_an_avif_is_applied(turn):
    data = pictures.file_of(
        pictures.photo(), "AVIF", quality=100, exif=pictures.exif(turn)
    )
    turned = reader.read(
        pictures.file_of(pictures.photo(), "PNG", exif=pictures.exif(turn))
    )
    picture = reader.read(data)
    assert picture.size == turned.size
    assert np.abs(picture.pixels.astype(int) - turned.pixels).mean() < 4


def test_the_boxes_say_the_orientation_of_an_avif_whatever_xmp_says():
    data = pictures.file_of(
        pictures.photo(), "AVIF", quality=100, subsampling="4:4:4",
        xmp=pictures.XMP % 3,
    )  # fmt: skip
    found = reader.read(data).pixels
    np.testing.assert_array_equal(found, reader.read(AVIF).pixels)


def test_of_a_sequence_the_first_picture_is_taken_with_a_note():
    from PIL import Image

    first, second = (
        Image.fromarray(a.copy()) for a in (pictures.photo(), pictures.photo()[::-1])
    )
    data = pictures.file_of(first, "AVIF", save_all=True, append_images=[second])
    assert reader.read(data).left_out == ("frames",)


@pytest.mark.parametrize("cut", [20, 300, 0.5])
def test_an_avif_that_is_cut_off_is_refused(cut):
    size = int(cut * len(AVIF)) if cut < 1 else len(AVIF) - cut
    with pytest.raises(ImageError, match="damaged or cut off"):
        reader.read(AVIF[:size])


def test_the_limit_holds_before_pixels_are_decoded():
    with pytest.raises(ImageError, match="56x40 is beyond the limit of 100 pixels"):
        reader.read(AVIF, max_pixels=100)


def test_heic_without_its_extra_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    ispe = box(b"ispe", bytes(4) + struct.pack(">II", 4, 4))
    meta = box(b"meta", bytes(4) + box(b"iprp", box(b"ipco", ispe)))
    data = box(b"ftyp", b"heic\0\0\0\0mif1heic") + meta
    with pytest.raises(ImageError, match=r"Install comrec\[heic\], or convert it"):
        reader.read(data)


def test_boxes_that_lead_out_of_the_file_are_refused():
    with pytest.raises(ImageError, match="a box ends after the file"):
        list(isobmff.boxes(box(b"meta", b"abcd")[:-1], 0, 11))
    assert isobmff.brands(b"no such file at all") == set()


def test_a_colour_space_in_numbers_becomes_a_profile_or_a_note():
    place = AVIF.index(b"colrnclx") + 8
    wide = AVIF[:place] + struct.pack(">HH", 12, 13) + AVIF[place + 4 :]
    assert reader.read(wide).metadata.icc
    bright = AVIF[:place] + struct.pack(">HH", 9, 16) + AVIF[place + 4 :]
    assert reader.read(bright).left_out == ("colour space",)


@pytest.mark.parametrize("turn", [1, 6])
def test_a_heic_is_read_upright_where_its_library_is_installed(turn):
    heif = pytest.importorskip("pillow_heif", reason="comes with the heic extra")
    from PIL import Image

    heif.register_heif_opener()
    photo = Image.fromarray(pictures.photo())
    options = {"quality": 95, "exif": pictures.exif(turn)}
    data = pictures.file_of(photo, "HEIF", **options)
    turned = reader.read(pictures.file_of(photo, "PNG", exif=pictures.exif(turn)))
    picture = reader.read(data)
    assert picture.size == turned.size
    assert np.abs(picture.pixels.astype(int) - turned.pixels).mean() < 4
    assert picture.metadata.kinds() == ["exif"]


@pytest.mark.parametrize(("kind", "at", "value", "bits"), [
    (b"pixi", 5, b"\x0a", 10), (b"av1C", 2, b"\x40", 10), (b"av1C", 2, b"\x60", 12),
    (b"hvcC", 17, b"\xfa", 10),
])  # fmt: skip
def test_the_depth_is_read_from_every_place_that_says_it(kind, at, value, bits):
    content = bytes(at) + value + bytes(4)
    assert max(isobmff._depths([(kind, content)])) == bits
