"""JPEG: oddities of cameras are taken, damage is refused, the rest is accounted for."""

from __future__ import annotations

import io

import numpy as np
import pictures
import pytest
from PIL import Image

from comrec.errors import ImageError
from comrec.image import reader
from comrec.jpeg import segments as seg

JPEG = pictures.photo_file(".jpg")


def pixels_of(jpeg: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(jpeg)) as picture:
        return np.asarray(picture)


def replaced(marker: int, at: int, value: bytes, jpeg: bytes = JPEG) -> bytes:
    """Changes bytes of the payload of the first segment with a marker."""
    place = next(s for s in seg.parse(jpeg) if s.marker == marker)
    start = place.end - len(place.payload) - len(place.scan) + at
    return jpeg[:start] + value + jpeg[start + len(value) :]


def adobe(components: int, transform: int) -> bytes:
    mode = "RGB" if components == 3 else "CMYK"
    jpeg = pictures.file_of(Image.fromarray(pictures.photo()).convert(mode), "JPEG")
    bare = [s for s in seg.parse(jpeg) if s.marker not in (seg.APP0, seg.APP14)]
    jpeg = b"".join([jpeg[:2], *(jpeg[s.start : s.end] for s in bare), b"\xff\xd9"])
    return seg.insert(jpeg, [(seg.APP14, b"Adobe\0\x64\0\0\0\0" + bytes((transform,)))])


ODD = {
    "zeros for the spectral bytes": replaced(seg.SOS, 7, b"\0\0\0"),
    "JFIF 2.01": replaced(seg.APP0, 5, b"\2\1"),
    "JFIF 0.00": replaced(seg.APP0, 5, b"\0\0"),
    "Adobe transform 2": adobe(3, 2),
    "Adobe transform 9 of CMYK": adobe(4, 9),
    "padding": JPEG[:20] + b"\0\0\0\0" + JPEG[20:],
    "zeros after the last scan": JPEG[:-2] + bytes(40) + JPEG[-2:],
    "padding of 255 and 0": JPEG[:20] + b"\1\xff\0\0\2" + JPEG[20:],
    "stray bytes": JPEG[:20] + b"stray\xff\xff" + JPEG[20:],
}


@pytest.mark.parametrize("name", ODD)
def test_what_libjpeg_only_warns_about_is_taken_with_its_pixels(name):
    found, wanted = reader.read(ODD[name]).pixels, pixels_of(ODD[name])
    if wanted.shape[2] == 4:
        wanted = np.asarray(Image.fromarray(wanted, "CMYK").convert("RGB"))
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("name", ["Adobe transform 2", "padding"])
def test_what_a_person_should_know_is_a_note_and_no_loss(name):
    picture = reader.read(ODD[name])
    assert len(picture.notes) == 1
    assert picture.left_out == ()


@pytest.mark.parametrize("cut", [10, 200])
def test_missing_coded_data_are_refused(cut):
    with pytest.raises(ImageError, match=r"damaged or cut off"):
        reader.read(JPEG[: -2 - cut] + b"\xff\xd9")


@pytest.mark.parametrize("marker", [0xC3, 0xC5, 0xCB])
def test_kinds_that_no_decoder_here_reads_are_refused_by_name(marker):
    place = next(s for s in seg.parse(JPEG) if s.marker == 0xC0).start + 1
    with pytest.raises(ImageError, match="lossless or hierarchical JPEG"):
        reader.read(JPEG[:place] + bytes((marker,)) + JPEG[place + 1 :])


def test_twelve_bits_are_refused_by_the_table():
    with pytest.raises(ImageError, match="JPEG of 12 bits a channel"):
        reader.read(replaced(0xC0, 0, b"\x0c"))


TRAILERS = {
    "gain map": JPEG[:2] + b"\xff\xe1\0\x0ahdrgm:..." + JPEG[2:],
    "further pictures": JPEG,
    "motion video": b"\0\0\0\x18ftypmp42" + bytes(20),
    "trailing data": b"a zip, or what else",
}


@pytest.mark.parametrize("kind", TRAILERS)
def test_what_comes_after_the_picture_is_named(kind):
    picture = reader.read(JPEG + TRAILERS[kind])
    np.testing.assert_array_equal(picture.pixels, pixels_of(JPEG))
    assert picture.left_out == (kind,)


def test_padding_after_the_picture_needs_no_note():
    assert reader.read(JPEG + b"\0" * 500).notes == ()


SEGMENTS = {
    "content credentials": (seg.APP11, b"JP\0\1jumb c2pa"),
    "thumbnail": (seg.APP0, b"JFXX\0\x10"),
    "application data": (0xE4, b"Qualcomm\0"),
}


@pytest.mark.parametrize("kind", SEGMENTS)
def test_segments_that_are_not_kept_are_named(kind):
    picture = reader.read(seg.insert(JPEG, [SEGMENTS[kind]]))
    assert picture.left_out == (kind,)


def test_thousands_of_segments_of_exif_are_read_in_a_line():
    exif = seg.EXIF_PREFIX + pictures.exif()[6:]
    many = [(seg.APP1, exif)] * 20_000
    picture = reader.read(seg.insert(JPEG, many))
    assert picture.notes == ("the first of 20000 EXIF blocks was taken",)
    assert picture.metadata.exif == exif[6:]


@pytest.mark.parametrize("components", [2, 5])
def test_a_number_of_components_that_no_picture_has_is_refused(components):
    with pytest.raises(ImageError, match=f"a JPEG of {components} components"):
        reader.read(replaced(0xC0, 5, bytes((components,))))
