"""Pillow's way in, without the limits it keeps for the whole process."""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from PIL import Image

_lifting, _lifted = threading.Lock(), ExitStack()
_inside = 0  # how many pictures are open; see `unlimited`


@contextmanager
def opened(data: bytes, formats: tuple[str, ...]) -> Iterator[Image.Image]:
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
