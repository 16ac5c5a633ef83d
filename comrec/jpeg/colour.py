"""Converts between RGB and the YCbCr of JFIF (full range, BT.601)."""

from __future__ import annotations

import numpy as np

# Rows give Y, Cb - 1/2 and Cr - 1/2 of RGB in [0, 1].
RGB_TO_YCBCR = np.array(
    [
        [0.299, 0.587, 0.114],
        [-0.168735892, -0.331264108, 0.5],
        [0.5, -0.418687589, -0.081312411],
    ],
    np.float32,
)
YCBCR_TO_RGB = np.linalg.inv(RGB_TO_YCBCR.astype(np.float64)).astype(np.float32)
CHROMA_ZERO = np.array([0, 128 / 255, 128 / 255], np.float32)


def luma(pixels: np.ndarray) -> np.ndarray:
    """Returns the BT.601 full-range luma of an image.

    Args:
      pixels: uint8 (H, W, 1) grey or (H, W, 3) RGB.

    Returns:
      uint8 (H, W, 1), rounded; grey is returned unchanged.
    """
    if pixels.shape[2] == 1:
        return pixels
    weights = np.array([0.299, 0.587, 0.114], np.float32)
    return np.rint(pixels @ weights).astype(np.uint8)[..., None]
