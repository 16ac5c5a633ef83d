"""One picture in memory: which arrays are taken, and how they are given back."""

from __future__ import annotations

import numpy as np
import pictures
import pytest

from comrec.errors import ImageError
from comrec.image import picture

GREY, RGB = pictures.grey(), pictures.photo()
ARRAYS = {
    "grey": GREY, "LA": pictures.with_alpha(GREY), "RGB": RGB,
    "RGBA": pictures.with_alpha(RGB),
}  # fmt: skip


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_comes_back_as_it_went_in(name):
    np.testing.assert_array_equal(
        picture.from_array(ARRAYS[name]).to_array(), ARRAYS[name]
    )


@pytest.mark.parametrize(
    "array",
    [
        RGB.astype(float), RGB.astype(np.uint16), np.zeros((3, 3, 5), np.uint8),
        np.zeros((0, 3), np.uint8), np.zeros((3, 0, 3), np.uint8),
        np.zeros(4, np.uint8), np.zeros((1, 2, 3, 4), np.uint8), [[1.0]], "text",
    ],
)  # fmt: skip
def test_what_is_no_picture_is_refused_with_what_came(array):
    with pytest.raises(ImageError, match=r"uint8 array \(H, W\).* Received: "):
        picture.from_array(array)


@pytest.mark.parametrize(("size", "legal"), [((3, 4), True), ((1, 13), False)])
def test_a_size_beyond_the_limit_is_refused_with_both(size, legal):
    if legal:
        picture.check_size(*size, 12)
        return
    with pytest.raises(ImageError, match=r"13x1 is beyond the limit of 12 pixels\. "):
        picture.check_size(*size, 12)


@pytest.mark.parametrize("name", ARRAYS)
def test_a_picture_keeps_no_hold_on_a_view(name):
    made = picture.from_array(ARRAYS[name][::-1, ::2])
    assert made.size == (40, 28)
    assert made.pixels.flags["C_CONTIGUOUS"]
    np.testing.assert_array_equal(made.to_array(), ARRAYS[name][::-1, ::2])
