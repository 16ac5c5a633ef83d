"""RGB to luma and YCbCr, against the formulas of BT.601 and against Pillow."""

import numpy as np
from PIL import Image

from comrec.jpeg import colour
from comrec.jpeg.colour import luma

RNG = np.random.default_rng(9)


def noise(*shape: int) -> np.ndarray:
    return RNG.integers(0, 256, shape, np.uint8)


def test_luma_is_pillows_grey_within_one_level():
    pixels = noise(50, 60, 3)
    theirs = np.asarray(Image.fromarray(pixels).convert("L"), int)
    ours = luma(pixels)
    assert ours.shape == (50, 60, 1)
    assert ours.dtype == np.uint8
    assert np.abs(ours[..., 0] - theirs).max() <= 1
    assert np.mean(ours[..., 0] != theirs) < 0.01  # they round differently, rarely


def test_luma_is_that_of_bt601():
    # 0.299, 0.587 and 0.114 of 255, rounded; BT.709 would say 54, 182, 18.
    colours = np.uint8([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255] * 3, [0] * 3]])
    assert luma(colours)[0, :, 0].tolist() == [76, 150, 29, 255, 0]


def test_luma_of_grey_is_itself():
    grey = noise(5, 6, 1)
    assert np.array_equal(luma(grey), grey)
    assert np.array_equal(luma(grey.repeat(3, axis=2)), grey)


def test_ycbcr_is_pillows_within_one_level_and_comes_back():
    pixels = noise(40, 30, 3)
    theirs = np.asarray(Image.fromarray(pixels).convert("YCbCr"), float)
    # Not @, which may warn of what is in a register beside the numbers.
    turned = np.einsum("ij,hwj->hwi", colour.RGB_TO_YCBCR, pixels / np.float32(255))
    turned += colour.CHROMA_ZERO
    assert np.abs(255 * turned - theirs).max() < 1  # Pillow rounds down
    turned -= colour.CHROMA_ZERO
    back = np.einsum("ij,hwj->hwi", colour.YCBCR_TO_RGB, turned)
    np.testing.assert_allclose(255 * back, pixels, atol=1e-3)


def test_the_chroma_of_grey_is_level_128():
    grey = np.full(3, 0.3, np.float32)
    ycc = 255 * (np.einsum("ij,j->i", colour.RGB_TO_YCBCR, grey) + colour.CHROMA_ZERO)
    np.testing.assert_allclose(ycc, [255 * 0.3, 128, 128], atol=1e-4)
