"""Decodes pictures with libvips, in silence and without its cache."""

from __future__ import annotations

import functools
import logging
from typing import Any

import numpy as np

_STRICT = {"access": "sequential", "fail_on": "warning", "unlimited": True}


@functools.cache
def load() -> Any:
    """Imports pyvips; its warnings go nowhere, and no picture stays in its cache."""
    logger = logging.getLogger("pyvips")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    import pyvips

    pyvips.cache_set_max(0)
    return pyvips


class VipsError(Exception):
    """Reports data that libvips cannot decode, or decodes with a warning."""


def decode(data: bytes) -> tuple[np.ndarray, str]:
    """Decodes a PNG or TIFF.

    Returns:
      uint8 or uint16 (H, W, C), and the name that libvips gives its colour space.

    Raises:
      VipsError: the data are damaged.
    """
    pyvips = load()
    loader = (
        pyvips.Image.pngload_buffer
        if data[:4] == b"\x89PNG"
        else pyvips.Image.tiffload_buffer
    )
    try:
        picture = loader(data, **_STRICT)
        array = picture.numpy()  # of one sample alone it has no axes
        size = picture.height, picture.width, picture.bands
        return array.reshape(size), picture.interpretation
    except pyvips.Error as err:
        raise VipsError(_reason(err)) from err


def check_jpeg(data: bytes) -> None:
    """Raises VipsError for a JPEG that libjpeg decodes with an error or a warning."""
    pyvips = load()
    try:
        pyvips.Image.jpegload_buffer(data, **_STRICT).avg()
    except pyvips.Error as err:
        raise VipsError(_reason(err)) from err


def _reason(err: Any) -> str:
    lines = err.detail.strip().splitlines()
    return lines[-1] if lines else "its data do not decode"
