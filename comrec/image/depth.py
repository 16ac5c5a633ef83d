"""Turns samples of 16 bits into samples of 8 bits."""

from __future__ import annotations

import numpy as np

_ROWS = 256  # at a time: the arithmetic takes 32 bits


def note(bits: int) -> str:
    """Returns the note on a picture of more than 8 bits a channel."""
    return f"{bits} bits a channel came, 8 are kept"


def to_8_bits(levels: np.ndarray) -> np.ndarray:
    """Rounds levels of 0 to 65,535 to the nearest of 0 to 255.

    Args:
      levels: uint16 (H, W, ...); uint8 stays as it is.

    Returns:
      uint8, of the same shape.
    """
    if levels.dtype == np.uint8:
        return levels
    out = np.empty(levels.shape, np.uint8)
    for y in range(0, len(levels), _ROWS):
        out[y : y + _ROWS] = (levels[y : y + _ROWS].astype(np.uint32) + 128) // 257
    return out
