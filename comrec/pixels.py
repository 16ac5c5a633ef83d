"""Pixels from Pillow to an array and back, without copies of all of them."""

from __future__ import annotations

import numpy as np
from PIL import Image

from comrec.opening import unlimited

STRIP_ROWS = 256


def from_pillow(picture: Image.Image) -> np.ndarray:
    """What Pillow holds, uint8 (H, W, C): some rows at a time.

    NumPy's own way takes two more copies of them all before it is done.
    """
    width, height = picture.size
    pixels = np.empty((height, width, len(picture.getbands())), np.uint8)
    with unlimited():  # which holds for parts as well
        for y in range(0, height, STRIP_ROWS):
            strip = np.asarray(picture.crop((0, y, width, min(y + STRIP_ROWS, height))))
            pixels[y : y + STRIP_ROWS] = strip.reshape(*strip.shape[:2], -1)
    return pixels


def to_pillow(pixels: np.ndarray, mode: str) -> Image.Image:
    """uint8 (H, W, C) as a picture of a mode of so many channels."""
    size = pixels.shape[1], pixels.shape[0]
    return Image.frombuffer(mode, size, np.ascontiguousarray(pixels), "raw", mode, 0, 1)
