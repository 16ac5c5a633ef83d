"""Selects small windows that represent an image, in proportion to its error."""

from __future__ import annotations

import numpy as np

from comrec.image.window import Window, grid

# The networks' gain varies from place to place: many small windows estimate the gain
# better than a few large ones.
SIDE_PX, COUNT_MAX = 16, 512
# Pixels around a window that the networks see. A larger surrounding hardly changes the
# estimate: with this reach the gain is 0.015 dB too low.
REACH_PX = 6


def select_windows(
    image: np.ndarray,
    other: np.ndarray,
    max_px: float,
    reach_px: int = REACH_PX,
) -> list[tuple[Window, float]]:
    """Selects windows with a probability proportional to their squared error.

    The selection is systematic (at equal steps of the cumulative error), not random.

    Args:
      image, other: uint8 (H, W, C), whose difference is the error.
      max_px: the most pixels of all windows, their surroundings included.
      reach_px: the surroundings' width on each side.

    Returns:
      Windows and their weights, which sum to 1; empty where max_px is less than one
      window or the error is zero.
    """
    count = min(int(max_px // (SIDE_PX + 2 * reach_px) ** 2), COUNT_MAX)
    (height, width, channels), side = image.shape, SIDE_PX
    windows = list(grid(height, width, side))
    across = [x * channels for x in range(0, width, side)]
    errors = []
    for y in range(0, height, side):
        band = slice(y, y + side)
        difference = np.subtract(image[band], other[band], dtype=np.float32)
        columns = np.square(difference, out=difference).sum(axis=0, dtype=np.float64)
        errors.append(np.add.reduceat(columns.ravel(), across))
    sums = np.cumsum(errors)
    if not count or not sums[-1]:
        return []
    places = (np.arange(count) + 0.5) / count * sums[-1]
    found, times = np.unique(np.searchsorted(sums, places), return_counts=True)
    return [(windows[i], n / count) for i, n in zip(found, times, strict=True)]
