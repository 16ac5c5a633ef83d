"""Holds a picture in memory and checks its size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from comrec.errors import ImageError
from comrec.image.metadata import Metadata
from comrec.system.checks import MAX_PIXELS as MAX_PIXELS


@dataclass(frozen=True)
class Picture:
    """Holds a picture as viewers show it: upright, 8 bits a channel.

    Attributes:
      pixels: uint8 (H, W, 1) grey or (H, W, 3) RGB, without alpha.
      alpha: uint8 (H, W), or None for a picture that has no alpha channel.
      metadata: EXIF (orientation reset), ICC, XMP and others.
      notes: one line for each property of the file that was changed or left out.
      left_out: the kinds of what was left out; docs/format.md lists them.
    """

    pixels: np.ndarray
    alpha: np.ndarray | None = None
    metadata: Metadata = Metadata()
    notes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """Returns (H, W) in pixels."""
        return self.pixels.shape[0], self.pixels.shape[1]

    def to_array(self) -> np.ndarray:
        """Returns uint8 (H, W), (H, W, 2), (H, W, 3) or (H, W, 4), as Pillow does."""
        if self.alpha is not None:
            return np.concatenate([self.pixels, self.alpha[..., None]], axis=2)
        return self.pixels[..., 0] if self.pixels.shape[2] == 1 else self.pixels


def from_array(array: np.ndarray) -> Picture:
    """Makes a picture of an array.

    Args:
      array: uint8 (H, W) or (H, W, 1 to 4): grey, grey + alpha, RGB, RGBA.

    Raises:
      ImageError: the array has another shape or type.
    """
    array = np.asarray(array)
    if array.ndim == 2:
        array = array[..., None]
    legal = array.ndim == 3 and 1 <= array.shape[2] <= 4 and min(array.shape) >= 1
    if array.dtype != np.uint8 or not legal:
        raise ImageError(
            "an image is a uint8 array (H, W) or (H, W, 1 to 4). "
            f"Received: {array.dtype} {array.shape}"
        )
    if array.shape[2] in (2, 4):
        return Picture(np.ascontiguousarray(array[..., :-1]), array[..., -1].copy())
    return Picture(np.ascontiguousarray(array))


def check_size(height_px: int, width_px: int, max_pixels: int) -> None:
    """Raises ImageError for a picture beyond the limit."""
    if height_px * width_px > max_pixels:
        raise ImageError(
            f"{width_px}x{height_px} is beyond the limit of {max_pixels} pixels. If "
            f"the file can be trusted, raise it with `max_pixels`"
        )
