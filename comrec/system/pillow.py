"""Opens pictures with Pillow and converts between Pillow and NumPy."""

from __future__ import annotations

import io
import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import numpy as np
from PIL import Image

from comrec.system import libtiff

# Python prints errors that are logged and handled nowhere.
logging.getLogger("PIL").addHandler(logging.NullHandler())
_lifting, _lifted = threading.Lock(), ExitStack()
_inside = 0  # callers within `unlimited`


@contextmanager
def open_picture(data: bytes, formats: tuple[str, ...]) -> Iterator[Image.Image]:
    """Opens a picture without Pillow's pixel limit and warnings.

    Args:
      data: the whole file.
      formats: Pillow's names of the legal formats.

    Yields:
      The picture. The caller checks its size before its pixels are decoded.
    """
    with unlimited(), Image.open(io.BytesIO(data), formats=formats) as picture:
        yield picture


@contextmanager
def unlimited() -> Iterator[None]:
    """Lifts Pillow's pixel limit, and silences its warnings and its libtiff.

    These settings belong to the whole process: the first thread that enters lifts
    them, the last thread that leaves restores them.
    """
    global _inside
    with _lifting:
        if not _inside:
            _lifted.enter_context(_lift())
        _inside += 1
    try:
        yield
    finally:
        with _lifting:
            _inside -= 1
            if not _inside:
                _lifted.close()


@contextmanager
def _lift() -> Iterator[None]:
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with libtiff.silenced():
                yield
    finally:
        Image.MAX_IMAGE_PIXELS = limit


STRIP_ROWS = 256


def from_pillow(picture: Image.Image) -> np.ndarray:
    """Copies the pixels of a Pillow picture into an array, uint8 (H, W, C).

    The copy goes strip by strip: NumPy's own conversion makes two more copies of the
    whole picture on its way.
    """
    width, height = picture.size
    pixels = np.empty((height, width, len(picture.getbands())), np.uint8)
    with unlimited():  # Pillow applies the limit to crops too
        for y in range(0, height, STRIP_ROWS):
            strip = np.asarray(picture.crop((0, y, width, min(y + STRIP_ROWS, height))))
            pixels[y : y + STRIP_ROWS] = strip.reshape(*strip.shape[:2], -1)
    return pixels


def to_pillow(pixels: np.ndarray, mode: str) -> Image.Image:
    """Returns uint8 (H, W, C) pixels as a Pillow picture of a mode of C channels."""
    size = pixels.shape[1], pixels.shape[0]
    return Image.frombuffer(mode, size, np.ascontiguousarray(pixels), "raw", mode, 0, 1)
