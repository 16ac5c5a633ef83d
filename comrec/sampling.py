"""Parts of an image that stand for the whole, taken where its error is."""

from __future__ import annotations

import numpy as np

from comrec import tiling

SIDES_PX = (48, 16)  # the larger, where a few fit
COUNT_MIN, COUNT_MAX = 16, 64
# How much the networks see around a sample; what lies farther hardly matters.
REACH_PX = 8


def errors_of(image: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Sum over channels, float32 (H, W)."""
    difference = np.subtract(image, other, dtype=np.float32)
    return np.sum(difference * difference, axis=2)


def spread(
    image: np.ndarray,
    other: np.ndarray,
    most_px: float,
    reach_px: int = REACH_PX,
) -> list[tuple[tiling.Window, float]]:
    """Some windows, picked where the error is, and how much each stands for.

    Args:
      image, other: uint8 (H, W, C), which differ by the error.
      most_px: how many pixels the windows may have, their surroundings included.
      reach_px: how far these go to each side.

    Returns:
      Windows and their weights, which sum to 1; none where too few pixels may be used
      or there is no error.
    """
    for side in SIDES_PX:
        count = min(int(most_px // (side + 2 * reach_px) ** 2), COUNT_MAX)
        if count >= COUNT_MIN:
            break
    height, width = image.shape[:2]
    windows = list(tiling.grid(height, width, side))
    across = range(0, width, side)
    errors = []
    for y in range(0, height, side):
        error = errors_of(image[y : y + side], other[y : y + side])
        errors.append(np.add.reduceat(error.sum(axis=0, dtype=np.float64), across))
    sums = np.cumsum(errors)
    if not count or not sums[-1]:
        return []
    # In equal steps of the error that lies before a window: each then counts the same.
    places = (np.arange(count) + 0.5) / count * sums[-1]
    found, times = np.unique(np.searchsorted(sums, places), return_counts=True)
    return [(windows[i], n / count) for i, n in zip(found, times, strict=True)]
