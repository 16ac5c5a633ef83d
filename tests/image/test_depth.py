"""Pictures of 16 bits a channel become the nearest of 8 bits."""

from __future__ import annotations

import numpy as np
import pictures
import pytest

from comrec.image import depth, reader

DEEP = pictures.deep_inputs()


@pytest.mark.parametrize("name", DEEP)
def test_16_bits_become_the_nearest_8_with_one_note(name):
    data, expected = DEEP[name]
    picture = reader.read(data)
    np.testing.assert_array_equal(picture.to_array(), expected)
    assert picture.notes == (depth.note(16),)
    assert picture.left_out == ("bit depth",)


def test_16_bit_grey_with_alpha_keeps_both():
    levels = pictures.deep(pictures.with_alpha(pictures.grey()))
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in levels)
    picture = reader.read(pictures.png_of(56, 40, 16, 4, rows))
    np.testing.assert_array_equal(picture.to_array(), np.rint(levels / 257))


def test_every_level_becomes_the_nearest_of_256():
    levels = np.arange(65_536, dtype=np.uint16).reshape(512, 128)
    found = depth.to_8_bits(levels)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, np.rint(levels / 257))


@pytest.mark.parametrize(("kind", "samples"), [(0, 1), (2, 3)])
def test_the_level_that_a_png_names_as_clear_is_clear_in_full_depth(kind, samples):
    levels = np.repeat(np.array([0, 256, 257, 258], ">u2"), samples)
    clear = np.repeat(np.array([257], ">u2"), samples).tobytes()
    data = pictures.png_of(4, 1, 16, kind, b"\0" + levels.tobytes(), (b"tRNS", clear))
    picture = reader.read(data)
    assert picture.pixels[..., 0].tolist() == [[0, 1, 1, 1]]
    assert picture.alpha.tolist() == [[255, 255, 0, 255]]
