"""Parts of an image that stand for the whole, taken where its error is."""

from __future__ import annotations

import numpy as np

from comrec.image.window import Window, grid

# Many small windows tell more than a few large ones: what networks gain differs from
# place to place.
SIDE_PX, COUNT_MAX = 16, 512
# How much the networks see around a window. What lies farther hardly matters: without
# it the gain comes out 0.015 dB less.
REACH_PX = 6


def spread(
    image: np.ndarray,
    other: np.ndarray,
    most_px: float,
    reach_px: int = REACH_PX,
) -> list[tuple[Window, float]]:
    """Some windows, picked where the error is, and how much each stands for.

    Args:
      image, other: uint8 (H, W, C), which differ by the error.
      most_px: how many pixels the windows may have, their surroundings included.
      reach_px: how far these go to each side.

    Returns:
      Windows and their weights, which sum to 1; none where too few pixels may be used
      or there is no error.
    """
    count = min(int(most_px // (SIDE_PX + 2 * reach_px) ** 2), COUNT_MAX)
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
    # In equal steps of the error that lies before a window: each then counts the same.
    places = (np.arange(count) + 0.5) / count * sums[-1]
    found, times = np.unique(np.searchsorted(sums, places), return_counts=True)
    return [(windows[i], n / count) for i, n in zip(found, times, strict=True)]
