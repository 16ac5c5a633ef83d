"""Scales quantisation tables by the JPEG quality, and reads them from a file."""

from __future__ import annotations

import functools
import io
import math

import numpy as np
from PIL.JpegImagePlugin import JpegImageFile

from comrec.errors import JpegError
from comrec.jpeg.settings import MOZJPEG_TABLES, Tables


def read_tables(jpeg: bytes) -> np.ndarray:
    """Quantiser steps of a JPEG.

    Returns:
      float32 (2, 8, 8): luma, chroma; rows are vertical frequencies. Grey has its one
      table twice.

    Raises:
      JpegError: the data do not begin as a JPEG, or a table is missing.
    """
    try:
        with JpegImageFile(io.BytesIO(jpeg)) as picture:
            # Of the frame's components, whatever the order of tables in the file.
            numbers = [number for _, _, _, number in picture.layer[:2]]
            steps = np.array(
                [picture.quantization[n] for n in (numbers[0], numbers[-1])]
            ).reshape(2, 8, 8)
    except (OSError, SyntaxError, ValueError, IndexError, KeyError) as err:
        raise JpegError(f"has no quantisation tables ({err})") from err
    return steps.astype(np.float32)


FLAT_STEP = 16  # of a flat table at quality 50, as in mozjpeg


@functools.cache
def qualities(tables: Tables) -> tuple[int, ...]:
    """From 1 on, those whose steps differ from all before."""
    if tables in MOZJPEG_TABLES and tables != "flat":
        return tuple(range(1, 101))
    first: dict[tuple[int, ...], int] = {}
    for quality in range(1, 101):
        luma, chroma = scaled_tables(tables, quality)
        first.setdefault((*luma, *chroma), quality)
    return tuple(first.values())


def scaled_tables(tables: Tables, quality: int) -> list[list[int]]:
    """Quantiser steps at `quality`, by the rule of the Independent JPEG Group.

    Args:
      tables: "flat", or tuples of 64 steps that hold at quality 50.
      quality: 1 to 100.

    Returns:
      Two lists of 64 steps, 1 to 255: luma, chroma.
    """
    if tables == "flat":
        tables = ((FLAT_STEP,) * 64,)
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    scaled = [
        [min(max((step * percent + 50) // 100, 1), 255) for step in table]
        for table in tables
        if not isinstance(table, str)
    ]
    return [scaled[0], scaled[-1]]


# What a photo gains when a JPEG's steps are halved, about.
FINER_DB, FINER_LOG2_BYTES = 4.0, 0.75


def log_step(quality: int) -> float:
    """How fine a JPEG's steps are, in halvings of those at quality 50.

    PSNR and the logarithm of the bytes rise about evenly along this, by FINER_DB and
    FINER_OCTAVES for each. The scale is the Independent JPEG Group's; past quality 97
    the steps of a flat table are all 1.
    """
    percent = 5000 / quality if quality < 50 else 200 - 2 * quality
    return min(-math.log2(max(percent, 1) / 100), 4)


def nearest_quality(octave: float) -> int:
    """The quality whose steps are about so fine; of several the coarsest."""
    return min(range(1, 101), key=lambda quality: abs(log_step(quality) - octave))
