"""Reads quantisation tables, scales tables by the quality, and compares qualities."""

from __future__ import annotations

import functools
import io
import math

import numpy as np
from PIL.JpegImagePlugin import JpegImageFile

from comrec.errors import JpegError
from comrec.jpeg.encoders import MOZJPEG_TABLES
from comrec.jpeg.settings import Tables


def read_tables(jpeg: bytes) -> np.ndarray:
    """Reads the quantiser steps of a JPEG.

    Returns:
      float32 (2, 8, 8): luma, chroma; rows are vertical frequencies. The one table of
      a grey JPEG is repeated.

    Raises:
      JpegError: the data do not begin as a JPEG, or a table is missing.
    """
    try:
        with JpegImageFile(io.BytesIO(jpeg)) as picture:
            # Looked up by component, since tables may stand in any order in the file.
            numbers = [number for _, _, _, number in picture.layer[:2]]
            steps = np.array(
                [picture.quantization[n] for n in (numbers[0], numbers[-1])]
            ).reshape(2, 8, 8)
    except (OSError, SyntaxError, ValueError, IndexError, KeyError) as err:
        raise JpegError(f"has no quantisation tables ({err})") from err
    return steps.astype(np.float32)


FLAT_STEP = 16  # of the flat table at quality 50, as in mozjpeg


@functools.cache
def qualities(tables: Tables) -> tuple[int, ...]:
    """Returns the qualities, in ascending order, that have steps of their own.

    Several qualities can scale a table to the same steps. The lowest one is listed.
    """
    if tables in MOZJPEG_TABLES and tables != "flat":
        return tuple(range(1, 101))
    first: dict[tuple[int, ...], int] = {}
    for quality in range(1, 101):
        luma, chroma = scaled_tables(tables, quality)
        first.setdefault((*luma, *chroma), quality)
    return tuple(first.values())


def scaled_tables(tables: Tables, quality: float) -> list[list[int]]:
    """Scales quantiser steps to `quality` by the rule of the Independent JPEG Group.

    Args:
      tables: "flat", or one or two tuples of 64 steps at quality 50.
      quality: 1 to 100.

    Returns:
      Two lists of 64 steps, 1 to 255: luma, chroma.
    """
    if tables == "flat":
        tables = ((FLAT_STEP,) * 64,)
    percent = int(5000 / quality if quality < 50 else 200 - 2 * quality)
    scaled = [
        [min(max((step * percent + 50) // 100, 1), 255) for step in table]
        for table in tables
        if not isinstance(table, str)
    ]
    return [scaled[0], scaled[-1]]


def flat_step(quality: float) -> float:
    """Returns the step of the flat table at a quality, before it is a whole number.

    Args:
      quality: 1 to 100, any number.

    Returns:
      800 at quality 1, 16 at 50, 0.16 from 99.5 on.
    """
    percent = 5000 / quality if quality < 50 else max(200 - 2 * quality, 1)
    return FLAT_STEP * percent / 100


def quality_of_step(step: float) -> float:
    """Returns the quality at which `flat_step` is a step, 1 to 99.5."""
    percent = min(max(100 * step / FLAT_STEP, 1), 5000)
    return 5000 / percent if percent > 100 else (200 - percent) / 2


def flat_table(step: float) -> np.ndarray:
    """Returns a table of one step for all frequencies, as nearly as whole numbers may.

    High frequencies have the next whole number above the step, low ones that below, so
    many that the mean of log2 is that of the step.

    Args:
      step: 1 to 255.

    Returns:
      float32 (64,) in zigzag order.
    """
    return whole_table(np.full(64, step))


def whole_table(steps: np.ndarray) -> np.ndarray:
    """Returns a table of whole numbers, which hardly changes where steps hardly do.

    Args:
      steps: (64,) in zigzag order, 1 to 255. High frequencies are rounded up first, as
        in `flat_table`.

    Returns:
      float32 (64,) in zigzag order.
    """
    low = np.floor(steps)
    share = np.log2(steps / low) / np.log2((low + 1) / low)
    return (low + (np.arange(64) >= 64 - np.rint(64 * share))).astype(np.float32)


def mean_step(table: np.ndarray) -> float:
    """Returns the one step for which a table of `flat_table` stands.

    Of any table, 2 to the mean of its log2.
    """
    return float(np.exp2(np.log2(table).mean()))


PARTS = 1024  # of a halved step, to which `close_qualities` are apart


@functools.cache
def close_qualities() -> tuple[float, ...]:
    """Returns qualities from 1 to 99.5 so close that their files hardly differ."""
    count = math.floor(math.log2(flat_step(1) / flat_step(100)) * PARTS)
    steps = [flat_step(1) * 2 ** (-n / PARTS) for n in range(1, count)]
    return 1.0, *map(quality_of_step, steps), quality_of_step(flat_step(100))


# Average gain of a photo, in PSNR and in the logarithm of its bytes, per halved step.
FINER_DB, FINER_LOG2_BYTES = 4.0, 0.75


def log_step(quality: float) -> float:
    """Returns the fineness of a quality's steps: log2 of (step at 50 / step).

    PSNR and the logarithm of the bytes rise almost linearly with the result, by
    FINER_DB and FINER_LOG2_BYTES per unit.

    Args:
      quality: 1 to 100 on the scale of the Independent JPEG Group.

    Returns:
      -5.6 at quality 1, 0 at 50, at most 4, where the steps of the flat table reach 1.
    """
    percent = 5000 / quality if quality < 50 else 200 - 2 * quality
    return min(-math.log2(max(percent, 1) / 100), 4)


def log_fineness(quality: float) -> float:
    """Returns the fineness of a quality, which goes on where `log_step` ends at 4."""
    return math.log2(FLAT_STEP / flat_step(quality))


def nearest_quality(fineness: float) -> int:
    """Returns the quality, of equals the lowest, whose `log_step` is nearest."""
    return min(range(1, 101), key=lambda quality: abs(log_step(quality) - fineness))
