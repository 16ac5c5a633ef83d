"""Distortion of 8-bit images: what a restored picture is judged by."""

from __future__ import annotations

import math

import numpy as np


def psnr_db(image: np.ndarray, restored: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB over all pixels and channels; peak 255.

    Args:
      image, restored: uint8 arrays of one shape.

    Returns:
      10 log10(255^2 / mean squared error); `inf` for identical arrays.

    Raises:
      ValueError: shapes differ, or the arrays are not uint8.
    """
    if image.shape != restored.shape or {image.dtype, restored.dtype} != {
        np.dtype(np.uint8)
    }:
        raise ValueError(
            "psnr_db compares uint8 arrays of one shape. Received: "
            f"{image.dtype}{image.shape} and {restored.dtype}{restored.shape}"
        )
    error = np.subtract(image, restored, dtype=np.int16).astype(np.float64)
    mean_square = float(np.mean(error * error))
    return math.inf if mean_square == 0 else 10 * math.log10(255**2 / mean_square)


def luma(pixels: np.ndarray) -> np.ndarray:
    """BT.601 full-range luma, uint8 (H, W, C) to uint8 (H, W, 1); grey is unchanged."""
    if pixels.shape[2] == 1:
        return pixels
    weights = np.array([0.299, 0.587, 0.114], np.float32)
    return np.rint(pixels @ weights).astype(np.uint8)[..., None]
