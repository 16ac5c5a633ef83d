"""Defines the pixel grid on which patches of a picture keep the blocks of its JPEG."""

from __future__ import annotations

import math
from collections.abc import Sequence

MCU_PX = 16  # side of the squares that 4:2:0 codes


def grid_px(scales: Sequence[float]) -> int:
    """Returns the side of squares that hold whole MCUs at all scales.

    Args:
      scales: linear size ratios image : compact, multiples of a half.

    Returns:
      Pixels of the image.
    """
    return math.lcm(*(int(2 * MCU_PX * scale) for scale in scales)) // 2
