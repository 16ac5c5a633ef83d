"""What a restored picture is judged by, against somebody else's answer."""

import math

import numpy as np
import pytest
from PIL import Image

from comrec.metrics import luma, psnr_db

RNG = np.random.default_rng(9)


def noise(*shape: int) -> np.ndarray:
    return RNG.integers(0, 256, shape, np.uint8)


@pytest.mark.parametrize("shape", [(1, 1, 1), (29, 100, 3), (64, 64, 1), (5, 7)])
@pytest.mark.parametrize("spread", [1, 10, 255])
def test_psnr_is_that_of_scikit_image(shape, spread):
    metrics = pytest.importorskip("skimage.metrics", reason="needs the dev extra")
    image = noise(*shape)
    restored = np.clip(image + RNG.integers(1, spread + 1, shape), 0, 255)
    restored = restored.astype(np.uint8)
    restored[0, 0] = image[0, 0] ^ 1  # not identical, however it was clipped
    theirs = metrics.peak_signal_noise_ratio(image, restored, data_range=255)
    assert psnr_db(image, restored) == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize(
    ("error", "db"),
    # 20 log10(255 / error), by hand.
    [(1, 48.1308), (10, 28.1308), (255, 0.0)],
)
def test_psnr_of_a_constant_error(error, db):
    image = np.full((8, 9, 3), 255, np.uint8)
    assert psnr_db(image, image - np.uint8(error)) == pytest.approx(db, abs=1e-4)
    assert psnr_db(image - np.uint8(error), image) == pytest.approx(db, abs=1e-4)


def test_psnr_of_identical_pictures_is_infinite():
    image = noise(8, 9, 3)
    assert psnr_db(image, image.copy()) == math.inf


GOOD = np.zeros((4, 5, 1), np.uint8)


@pytest.mark.parametrize(
    "other",
    [
        GOOD.astype(np.float32), GOOD.astype(np.int16), GOOD.astype(bool),
        GOOD.astype(np.uint16), GOOD[..., 0], GOOD[:3], np.zeros((4, 5, 3), np.uint8),
    ],
    ids=lambda array: f"{array.dtype}{array.shape}",
)  # fmt: skip
def test_psnr_of_other_arrays_is_refused(other):
    for pair in ((GOOD, other), (other, GOOD)):
        with pytest.raises(ValueError, match=r"arrays of one shape\. Received: "):
            psnr_db(*pair)
    if other.dtype != np.uint8:
        with pytest.raises(ValueError, match="uint8 arrays"):
            psnr_db(other, other)


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
