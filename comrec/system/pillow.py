"""Pillow's way in, without the limits it keeps for the whole process."""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import numpy as np
from PIL import Image

_lifting, _lifted = threading.Lock(), ExitStack()
_inside = 0  # how many pictures are open; see `unlimited`


@contextmanager
def open_picture(data: bytes, formats: tuple[str, ...]) -> Iterator[Image.Image]:
    """`Image.open` without Pillow's pixel limit and warnings, until it is closed.

    The caller is to check the size.
    """
    with unlimited(), Image.open(io.BytesIO(data), formats=formats) as picture:
        yield picture


@contextmanager
def unlimited() -> Iterator[None]:
    """Without Pillow's pixel limit and warnings.

    Both belong to the whole process: the first thread that comes in lifts them, the
    last that leaves puts them back.
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
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = limit


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
