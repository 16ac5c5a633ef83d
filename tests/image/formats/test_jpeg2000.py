"""JPEG 2000: depth, limits, comments and boxes."""

from __future__ import annotations

import numpy as np
import pictures
import pytest

from comrec.errors import ImageError
from comrec.image import reader
from comrec.image.formats import jpeg2000

JP2 = pictures.file_of(pictures.photo(), "JPEG2000")
STREAM = JP2[JP2.index(jpeg2000.STREAM_START) :]


@pytest.mark.parametrize("data", [JP2, STREAM], ids=["boxes", "codestream"])
def test_a_picture_without_loss_is_read_exactly(data):
    picture = reader.read(data)
    np.testing.assert_array_equal(picture.pixels, pictures.photo())
    assert picture.notes == ()


def test_alpha_is_kept():
    array = pictures.with_alpha(pictures.photo())
    picture = reader.read(pictures.file_of(array, "JPEG2000"))
    np.testing.assert_array_equal(picture.to_array(), array)


def test_a_channel_that_is_no_plain_alpha_is_not_taken_for_one():
    data = pictures.file_of(pictures.with_alpha(pictures.photo()), "JPEG2000")
    place = data.index(b"\0\3\0\1\0\0", data.index(b"cdef")) + 2  # of its kind
    other = data[:place] + b"\xff\xff" + data[place + 2 :]
    picture = reader.read(other)
    np.testing.assert_array_equal(picture.to_array(), pictures.photo())
    assert picture.left_out == ("channels",)
    multiplied = data[:place] + b"\0\2" + data[place + 2 :]
    with pytest.raises(ImageError, match="colours are multiplied by alpha"):
        reader.read(multiplied)


def test_16_bits_become_the_nearest_8_with_a_note():
    from PIL import Image

    levels = pictures.deep(pictures.grey())
    data = pictures.file_of(Image.fromarray(levels), "JPEG2000")
    picture = reader.read(data)
    np.testing.assert_array_equal(picture.to_array(), np.rint(levels / 257))
    assert picture.left_out == ("bit depth",)


def test_a_comment_is_kept():
    data = pictures.file_of(pictures.photo(), "JPEG2000", comment="at the lake")
    assert reader.read(data).metadata.comment == (b"at the lake",)


@pytest.mark.parametrize("part", [0.01, 0.3, 0.9])
def test_a_file_that_is_cut_off_is_refused(part):
    with pytest.raises(ImageError, match="damaged or cut off"):
        reader.read(STREAM[: int(part * len(STREAM))])


def test_more_channels_than_a_picture_has_are_refused():
    data = STREAM[:40] + b"\0\x09" + STREAM[42:]
    with pytest.raises(ImageError, match="JPEG 2000 of 9 channels"):
        reader.read(data)


def test_more_tiles_than_the_format_allows_are_refused():
    data = STREAM[:24] + b"\0\0\0\1\0\0\0\1" + STREAM[32:]
    big = data[:8] + b"\0\1\0\0\0\1\0\0" + data[16:]
    with pytest.raises(ImageError, match="header makes no sense"):
        reader.read(big)


def test_a_box_of_no_known_kind_is_named():
    assert reader.read(JP2 + b"\0\0\0\x0cxml <a/>").left_out == ("application data",)
