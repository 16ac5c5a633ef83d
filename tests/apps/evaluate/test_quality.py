"""Metrics: against other packages, and their limits."""

import math

import numpy as np
import pytest
from evaluate_rows import coarse
from PIL import Image

from comrec.apps.evaluate import quality
from comrec.errors import ComrecError
from comrec.jpeg.colour import luma

pytest.importorskip("scipy", reason="comes with the eval extra")
data = pytest.importorskip("skimage.data", reason="needs the dev extra")


def psnr(mean_square: float) -> float:
    return 10 * math.log10(255**2 / mean_square)


# pytorch_msssim 1.0.0 on torch 2.13.0: ms_ssim(image, coarse(image), data_range=255) as
# (1, C, H, W) float64 tensors, photos from scikit-image 0.26. Its window is float32.
MS_SSIM = {
    "astronaut": (lambda: data.astronaut(), 0.9682991345),
    "odd sides": (lambda: data.astronaut()[:333, :479], 0.9625585766),
    "grey": (lambda: data.camera()[..., None], 0.9597379875),
}


@pytest.mark.parametrize("case", MS_SSIM)
def test_ms_ssim_is_that_of_pytorch_msssim(case):
    load, expected = MS_SSIM[case]
    image = load()
    assert quality.ms_ssim(image, coarse(image)) == pytest.approx(expected, abs=3e-6)


@pytest.mark.parametrize("channels", [1, 3])
def test_ssim_is_that_of_luma_and_its_own_formula_agrees(channels):
    # Another path than scikit-image's: the window by OpenCV, over whole windows.
    image = np.ascontiguousarray(data.astronaut()[:200, 100:301, :channels])
    planes = luma(image), luma(coarse(image))
    expected, _ = quality._ssim_plane(*(p[..., 0].astype(float) for p in planes))
    pytest.importorskip("ssimulacra2", reason="comes with the eval extra")
    found = quality.scores(image, coarse(image), "all")
    assert found.ssim == pytest.approx(expected, abs=1e-6)
    assert found.ms_ssim is not None


def test_a_metric_that_a_picture_is_too_small_for_is_left_out():
    pytest.importorskip("ssimulacra2", reason="comes with the eval extra")
    for side, there in ((7, 0), (8, 1), (11, 2), (161, 3)):
        image = data.astronaut()[:side, :200]
        found = quality.scores(image, coarse(image), "all")
        assert sum(score is not None for score in found[2:]) == there


def test_ms_ssim_of_the_same_picture_is_one():
    image = data.camera()[:161, :161, None]
    assert quality.ms_ssim(image, image) == pytest.approx(1)
    assert quality.ms_ssim_db(1.0) == math.inf
    assert quality.ms_ssim_db(0.99) == pytest.approx(20)


@pytest.mark.parametrize(
    "shapes", [((160, 200, 1), (160, 200, 1)), ((200, 200, 3), (200, 200, 1))]
)
def test_ms_ssim_refuses_what_it_is_not_defined_for(shapes):
    with pytest.raises(ValueError, match="at least 161 pixels a side"):
        quality.ms_ssim(*(np.zeros(shape, np.uint8) for shape in shapes))


def test_psnr_is_over_all_channels_and_over_luma():
    image = np.full((8, 8, 3), 100, np.uint8)
    restored = image + np.array([0, 0, 10], np.uint8)  # luma: 1.14, rounded 1
    found = quality.scores(image, restored)
    assert found == pytest.approx((psnr(100 / 3), psnr(1), None, None, None))


@pytest.mark.parametrize("channels", [1, 3])
def test_ssimulacra2_is_that_of_its_package_on_files(channels, tmp_path):
    package = pytest.importorskip("ssimulacra2", reason="comes with the eval extra")
    image = data.astronaut()[:70, 200:301, :channels]
    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    for path, pixels in zip(paths, (image, coarse(image)), strict=True):
        Image.fromarray(pixels.squeeze()).save(path)
    expected = package.compute_ssimulacra2(*map(str, paths))
    assert quality.ssimulacra2(image, coarse(image)) == pytest.approx(expected)
    assert quality.ssimulacra2(image, image) == pytest.approx(100)


def test_a_metric_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    quality.require("psnr")
    with pytest.raises(ComrecError, match=r"SSIMULACRA2 .* pip install comrec\[eval\]"):
        quality.require("all")
