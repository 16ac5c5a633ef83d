"""Pictures of 16 bits a channel become the nearest of 8 bits."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pictures
import pytest
from PIL import Image

from comrec.errors import ImageError
from comrec.image import depth, reader

DEEP = pictures.deep_inputs()


@pytest.mark.parametrize("name", DEEP)
def test_16_bits_become_the_nearest_8_with_one_note(name):
    data, expected = DEEP[name]
    picture = reader.read(data)
    np.testing.assert_array_equal(picture.to_array(), expected)
    assert picture.notes == (depth.NOTE,)


def test_16_bit_grey_with_alpha_keeps_both():
    levels = pictures.deep(pictures.with_alpha(pictures.grey()))
    picture = reader.read(grey_alpha_png(levels))
    np.testing.assert_array_equal(picture.to_array(), np.rint(levels / 257))


def grey_alpha_png(levels: np.ndarray) -> bytes:
    """A 16-bit grey + alpha PNG by hand: no library here writes one."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        crc = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)

    height, width, _ = levels.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in levels)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 4, 0, 0, 0)),
            chunk(b"IDAT", zlib.compress(rows)),
            chunk(b"IEND", b""),
        )
    )


@pytest.mark.parametrize("name", DEEP)
def test_16_bits_are_told_from_8(name):
    with Image.open(io.BytesIO(DEEP[name][0])) as picture:
        found = depth.is_deep(picture, DEEP[name][0]) or depth.is_deep_ppm(picture)
        assert found or picture.mode in depth.GREY_MODES


@pytest.mark.parametrize("name", pictures.exact_inputs())
def test_8_bits_are_not_taken_for_16(name):
    data = pictures.exact_inputs()[name][0]
    with Image.open(io.BytesIO(data)) as picture:
        assert not depth.is_deep(picture, data)
        assert not depth.is_deep_ppm(picture)
        assert picture.mode not in depth.GREY_MODES


def test_every_level_becomes_the_nearest_of_256():
    levels = np.arange(65_536, dtype=np.uint16).reshape(256, 256)
    pixels, alpha = depth.read_grey(Image.fromarray(levels))
    assert alpha is None
    assert (pixels.shape, pixels.dtype) == ((256, 256, 1), np.uint8)
    np.testing.assert_array_equal(pixels[..., 0], np.rint(levels / 257))


def test_the_level_that_a_grey_png_names_as_clear_is_clear_in_full_depth():
    levels = np.array([[0, 256, 257, 258]], np.uint16)  # all but the first round to 1
    picture = Image.fromarray(levels)
    picture.info["transparency"] = 257
    pixels, alpha = depth.read_grey(picture)
    assert pixels[..., 0].tolist() == [[0, 1, 1, 1]]
    assert alpha.tolist() == [[255, 255, 0, 255]]


@pytest.mark.parametrize("value", [-1, 65_536, 2**31 - 1])
def test_values_beyond_16_bits_are_refused_with_the_remedy(value):
    picture = Image.fromarray(np.array([[0, value]], np.int32))
    with pytest.raises(ImageError, match=r"32 bits a channel\. Convert it to 8 or 16"):
        depth.read_grey(picture)


@pytest.mark.parametrize("data", [b"no picture", pictures.photo_file(".png")])
def test_what_is_not_of_16_bits_is_refused_as_such(data):
    with pytest.raises(ImageError, match="16 bits a channel in a layout"):
        depth.read_colour(data)
