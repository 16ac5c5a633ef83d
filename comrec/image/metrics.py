"""Measures the distortion of 8-bit images."""

from __future__ import annotations

import math

import numpy as np

from comrec.errors import ComrecError

BAND_ROWS = 256  # compared at a time, to bound the memory
SSIM_SIDE_PX = 11  # of the window


def psnr_db(image: np.ndarray, restored: np.ndarray) -> float:
    """Returns the PSNR in dB over all pixels and channels, peak 255.

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
    """Returns the PSNR in dB of `count` values whose `square_error` is `total`."""
    return 10 * math.log10(255**2 * count / total) if total else math.inf


def square_error(image: np.ndarray, restored: np.ndarray) -> int:
    """Returns the sum of squared differences of two uint8 arrays of one shape.

    The result is a whole number, so the sums of an image's parts add up exactly.
    """
    total = 0
    for start in range(0, len(image), BAND_ROWS):
        band = slice(start, start + BAND_ROWS)
        error = np.subtract(image[band], restored[band], dtype=np.int32)
        total += int(np.sum(error * error, dtype=np.int64))
    return total


def ssim(image: np.ndarray, restored: np.ndarray) -> float:
    """Returns the structural similarity of Wang et al. 2004 (their `ssim_index.m`).

    Gaussian window of 11x11 pixels and sigma 1.5, K1 = 0.01, K2 = 0.03, peak 255, no
    downsampling, mean over the windows within the picture.

    Args:
      image, restored: uint8 (H, W, C) of one shape, no side under 11 pixels.

    Returns:
      The mean over channels, at most 1.

    Raises:
      ValueError: shapes differ, or the arrays are not uint8 or too small.
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
