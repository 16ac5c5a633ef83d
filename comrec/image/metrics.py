"""Distortion of 8-bit images: what a restored picture is judged by."""

from __future__ import annotations

import math

import numpy as np

from comrec.errors import ComrecError

BAND_ROWS = 256  # that are compared at a time, to bound the memory
SSIM_SIDE_PX = 11  # of its window, which a picture has to hold


def psnr_db(image: np.ndarray, restored: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB over all pixels and channels; peak 255.

    Args:
      image, restored: uint8 arrays of one shape.

    Returns:
      10 log10(255^2 / mean squared error); `inf` for identical arrays.

    Raises:
      ValueError: shapes differ, or the arrays are not uint8.
    """
    _check_alike("psnr_db", image, restored)
    return psnr_of(square_error(image, restored), image.size)


def psnr_of(total: int, count: int) -> float:
    """PSNR in dB of so many values whose `square_error` is so much in all."""
    return 10 * math.log10(255**2 * count / total) if total else math.inf


def square_error(image: np.ndarray, restored: np.ndarray) -> int:
    """Sum of squared differences of uint8 arrays of one shape.

    A whole number, so that the parts of an image sum up to what the image has.
    """
    total = 0
    for start in range(0, len(image), BAND_ROWS):
        band = slice(start, start + BAND_ROWS)
        error = np.subtract(image[band], restored[band], dtype=np.int32)
        total += int(np.sum(error * error, dtype=np.int64))
    return total


def ssim(image: np.ndarray, restored: np.ndarray) -> float:
    """Structural similarity as in Wang et al. 2004 and their `ssim_index.m`.

    Gaussian window of 11x11 pixels and sigma 1.5, K1 = 0.01, K2 = 0.03, peak 255, no
    reduction, mean over the windows that lie within the picture.

    Args:
      image, restored: uint8 (H, W, C) of one shape, no side under 11 pixels.

    Returns:
      At most 1; the mean over channels.

    Raises:
      ValueError: shapes differ, the arrays are not uint8, or too small.
      ComrecError: scikit-image is not installed.
    """
    _check_alike("ssim", image, restored)
    if image.ndim != 3 or min(image.shape[:2]) < SSIM_SIDE_PX:
        raise ValueError(
            f"ssim needs (H, W, C) and {SSIM_SIDE_PX} pixels a side. "
            f"Received: {image.shape}"
        )
    try:
        from skimage.metrics import structural_similarity
    except ImportError as err:
        raise ComrecError(
            "SSIM needs scikit-image, which is not installed: pip install comrec[eval]"
        ) from err
    return float(
        structural_similarity(
            image, restored, channel_axis=2, data_range=255, gaussian_weights=True,
            sigma=1.5, use_sample_covariance=False, K1=0.01, K2=0.03,
        )
    )  # fmt: skip


def _check_alike(who: str, image: np.ndarray, restored: np.ndarray) -> None:
    if image.shape != restored.shape or {image.dtype, restored.dtype} != {
        np.dtype(np.uint8)
    }:
        raise ValueError(
            f"{who} compares uint8 arrays of one shape. Received: "
            f"{image.dtype}{image.shape} and {restored.dtype}{restored.shape}"
        )
