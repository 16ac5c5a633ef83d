"""Distortion, against formulas written again and against scikit-image."""

import math

import numpy as np
import pytest

from comrec.image.metrics import BAND_ROWS, psnr_db, psnr_of, square_error, ssim

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


def test_errors_of_parts_add_up_to_the_whole_error_exactly():
    image, restored = noise(BAND_ROWS + 9, 7, 3), noise(BAND_ROWS + 9, 7, 3)
    parts = [
        square_error(image[part], restored[part])
        for part in (slice(0, 1), slice(1, 200), slice(200, None))
    ]
    assert sum(parts) == square_error(image, restored)
    exact = np.sum((image.astype(object) - restored.astype(object)) ** 2)
    assert sum(parts) == exact
    assert psnr_of(sum(parts), image.size) == psnr_db(image, restored)


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


def test_ssim_is_that_of_wang_window_by_window():
    pytest.importorskip("skimage.metrics", reason="needs the dev extra")
    image, restored = noise(13, 15, 2), noise(13, 15, 2)
    restored[..., 0] = image[..., 0] // 2 + 40  # one channel alike, one not
    bell = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    weights = np.outer(bell, bell) / np.sum(np.outer(bell, bell))
    found = []
    for c, y, x in np.ndindex(2, 3, 5):
        window = slice(y, y + 11), slice(x, x + 11), c
        a, b = image[window].astype(float), restored[window].astype(float)
        mean_a, mean_b = np.sum(weights * a), np.sum(weights * b)
        a, b = a - mean_a, b - mean_b
        spread = np.sum(weights * a * a) + np.sum(weights * b * b)
        c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
        luminance = (2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1)
        structure = (2 * np.sum(weights * a * b) + c2) / (spread + c2)
        found.append(luminance * structure)
    assert ssim(image, restored) == pytest.approx(np.mean(found), abs=1e-9)
    assert ssim(image, image.copy()) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("shape", [(10, 40, 1), (40, 10, 3), (40, 40)])
def test_ssim_of_what_holds_no_window_is_refused(shape):
    with pytest.raises(ValueError, match="11 pixels a side"):
        ssim(noise(*shape), noise(*shape))


def test_ssim_of_other_arrays_is_refused():
    good = noise(20, 20, 1)
    for other in (good.astype(float), noise(20, 21, 1)):
        with pytest.raises(ValueError, match=r"ssim compares uint8 .* Received: "):
            ssim(good, other)
