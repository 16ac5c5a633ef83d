"""Tells how a JPEG was written: quality, chroma sampling, and a coarser JPEG before."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from comrec.errors import JpegError
from comrec.jpeg import coding, quantisation
from comrec.jpeg import coefficients as co
from comrec.jpeg import segments as seg
from comrec.jpeg.layout import layout_of

GREY = "grey"
_SAMPLINGS = {
    (1, 1): "4:4:4", (2, 1): "4:2:2", (1, 2): "4:4:0", (2, 2): "4:2:0",
    (4, 1): "4:1:1", (4, 2): "4:1:0",
}  # fmt: skip
_PROGRESSIVE = (0xC2, 0xCA)
# Frequencies, in rows of a block, that show the steps of an earlier quantisation.
_LOW = ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0))
_STEP_MAX = 64
_COMB, _COEFFICIENTS_MIN = 0.6, 200


@dataclass(frozen=True)
class Traits:
    """Holds what a JPEG's headers say.

    Attributes:
      quality: 1 to 100 of libjpeg's tables that are nearest.
      sampling: "4:2:0" and others, or "grey".
      is_progressive: whether its scans refine one another.
    """

    quality: int
    sampling: str
    is_progressive: bool


def read(jpeg: bytes) -> Traits:
    """Reads the traits of a JPEG.

    Raises:
      JpegError: the structure is broken, or a table is missing.
    """
    frame = next((s for s in seg.parse(jpeg) if s.marker in seg.FRAMES), None)
    if frame is None or len(frame.payload) < 9:
        raise JpegError("damaged (no frame header)")
    # Of chroma, encoders have ideas of their own.
    luma, _ = log_steps(quantisation.read_tables(jpeg))
    distances = [abs(step - luma) for step in luma_steps()]
    ours = 1 + distances.index(min(distances))
    is_progressive = frame.marker in _PROGRESSIVE
    return Traits(ours, _sampling(bytes(frame.payload)), is_progressive)


def log_steps(tables: np.ndarray) -> tuple[float, float]:
    """Returns mean log2 of the steps (2, 8, 8) of luma and chroma."""
    luma, chroma = np.log2(np.maximum(tables, 1)).mean(axis=(1, 2))
    return float(luma), float(chroma)


@functools.cache
def luma_steps() -> tuple[float, ...]:
    """Returns mean log2 of the luma steps of libjpeg's tables at qualities 1 to 100."""
    return tuple(log_steps(_tables(quality))[0] for quality in range(1, 101))


def count_kept(pixels: np.ndarray, tables: np.ndarray) -> np.ndarray:
    """Counts the AC coefficients of luma that a JPEG kept of each block.

    Args:
      pixels: uint8 (h, w, 1|3), decoded, from the corner of a block.
      tables: quantiser steps (2, 8, 8) of the JPEG.

    Returns:
      Integers (ceil(h / 8), ceil(w / 8)), 0 to 63.
    """
    layout = layout_of(pixels)
    blocks = co.transform(co.planes_of(pixels, layout)[0], layout.components[0])
    levels = np.rint(blocks / tables[0].ravel()[co.ZIGZAG])
    return np.count_nonzero(levels[..., 1:], axis=2)


def example(quality: int) -> bytes:
    """Returns a JPEG of one pixel with libjpeg's tables of a quality from 1 to 100."""
    return coding.encode(np.zeros((1, 1, 3), np.uint8), quality)


@functools.cache
def _tables(quality: int) -> np.ndarray:
    return quantisation.read_tables(example(quality))


def _sampling(frame: bytes) -> str:
    sides = [(frame[at] >> 4, frame[at] & 15) for at in range(7, len(frame), 3)]
    if len(sides) < 3:
        return GREY
    (across, down), (chroma_across, chroma_down) = sides[:2]
    ratio = across / max(chroma_across, 1), down / max(chroma_down, 1)
    known = [name for key, name in _SAMPLINGS.items() if key == ratio]
    return known[0] if known else f"{ratio[0]:g}x{ratio[1]:g}"


def earlier_quality(pixels: np.ndarray, tables: np.ndarray) -> int | None:
    """Returns the quality of a coarser JPEG on the same blocks, before this one.

    Its steps leave a comb in the coefficients of low frequencies. Steps below three
    times the present ones cannot be told, nor a JPEG whose blocks lay elsewhere. The
    steps have to be those of a table of libjpeg: periodic patterns leave combs, too.

    Args:
      pixels: uint8 (H, W, 1|3), decoded.
      tables: (2, 8, 8) of the present JPEG.
    """
    layout = layout_of(pixels)
    blocks = co.transform(co.planes_of(pixels, layout)[0], layout.components[0])
    natural = np.empty_like(blocks)
    natural[..., co.ZIGZAG] = blocks
    now = [tables[0][place] for place in _LOW]
    found = [
        _comb(natural[..., 8 * row + column].ravel(), step)
        for (row, column), step in zip(_LOW, now, strict=True)
    ]
    if sum(map(bool, found)) <= len(_LOW) // 2:
        return None
    fitting = (quality for quality in range(1, 101) if _has_steps(quality, found))
    return next(fitting, None)


def _has_steps(quality: int, steps: list[int]) -> bool:
    """Checks whether the table of a quality has steps; 0 stands for any."""
    ours = [_tables(quality)[0][place] for place in _LOW]
    return all(a == b for a, b in zip(ours, steps, strict=True) if b)


def _comb(values: np.ndarray, step_now: float) -> int:
    """Returns the step at whose multiples the coefficients lie, or 0."""
    best: tuple[float, int] = (_COMB, 0)
    for step in range(max(int(3 * step_now), 3), _STEP_MAX):
        large = values[np.abs(values) > step / 2]
        if len(large) < _COEFFICIENTS_MIN:
            break
        score = float(np.cos(2 * np.pi / step * large).mean())
        best = max(best, (score, step))
    return best[1]
