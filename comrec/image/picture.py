"""One picture in memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from comrec.errors import ImageError
from comrec.image.metadata import Metadata
from comrec.system.checks import MAX_PIXELS as MAX_PIXELS


@dataclass(frozen=True)
class Picture:
    """One picture as a viewer shows it: upright, 8 bits a channel.

    Attributes:
      pixels: uint8 (H, W, 1) grey or (H, W, 3) RGB, without alpha.
      alpha: uint8 (H, W), or None for a picture that has no alpha channel.
      metadata: EXIF (orientation reset), ICC, XMP.
      notes: one line for each thing that was not kept as it was.
    """

    pixels: np.ndarray
    alpha: np.ndarray | None = None
    metadata: Metadata = Metadata()
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """(H, W) in pixels."""
        return self.pixels.shape[0], self.pixels.shape[1]

    def to_array(self) -> np.ndarray:
        """uint8 (H, W), (H, W, 2), (H, W, 3) or (H, W, 4), as Pillow lays it out."""
        if self.alpha is not None:
            return np.concatenate([self.pixels, self.alpha[..., None]], axis=2)
        return self.pixels[..., 0] if self.pixels.shape[2] == 1 else self.pixels


def from_array(array: np.ndarray) -> Picture:
    """Takes uint8 (H, W) or (H, W, 1..4): grey, grey + alpha, RGB, RGBA.

    Raises:
      ImageError: another shape or type.
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
    """Raises ImageError when a picture would be beyond the limit."""
    if height_px * width_px > max_pixels:
        raise ImageError(
            f"{width_px}x{height_px} is beyond the limit of {max_pixels} pixels. If "
            f"the file can be trusted, raise it with --max-pixels"
        )
