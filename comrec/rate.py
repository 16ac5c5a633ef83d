"""JPEGs with what they came to, and the quality at which something is crossed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from comrec import jpeg
from comrec.codec import Codec
from comrec.metrics import psnr_db


@dataclass(frozen=True)
class Coded:
    """A JPEG without metadata and how close to the image it comes out."""

    jpeg: bytes = field(repr=False)
    quality: int
    psnr_db: float


def plain(pixels: np.ndarray, quality: int) -> Coded:
    """Plain JPEG, the anchor: libjpeg-turbo, 4:2:0, optimised Huffman tables."""
    data = jpeg.encode(pixels, quality)
    return Coded(data, quality, psnr_db(pixels, jpeg.decode(data)))


def plain_within(pixels: np.ndarray, budget_bytes: int) -> Coded | None:
    """The best plain JPEG of at most so many bytes; None if there is none."""
    quality = largest(lambda q: len(jpeg.encode(pixels, q)) <= budget_bytes, 1, 100)
    return None if quality is None else plain(pixels, quality)


def at_quality(codec: Codec, pixels: np.ndarray, quality: int) -> Coded:
    """The compact image at its own JPEG quality, whatever that is worth."""
    data = codec.encode(codec.compact(pixels), quality)
    return Coded(data, quality, psnr_db(pixels, codec.restore(data, pixels.shape[:2])))


def within(codec: Codec, pixels: np.ndarray, budget_bytes: int) -> Coded | None:
    """The finest compact JPEG of at most so many bytes; None if there is none."""
    compact = codec.compact(pixels)
    quality = largest(lambda q: len(codec.encode(compact, q)) <= budget_bytes, 1, 100)
    return None if quality is None else at_quality(codec, pixels, quality)


def largest(holds: Callable[[int], bool], low: int, high: int) -> int | None:
    """The largest whole number in [low, high] for which `holds`, by bisection.

    `holds` is true up to some number and false above; None if it never is.
    """
    best = None
    while low <= high:
        middle = (low + high) // 2
        if holds(middle):
            best, low = middle, middle + 1
        else:
            high = middle - 1
    return best


def crossing(
    value: Callable[[int], float],
    wanted: float,
    low: int,
    high: int,
    start: int | None = None,
    enough: Callable[[float], bool] = lambda _: False,
) -> int:
    """The smallest whole number in [low, high] whose `value` reaches what is wanted.

    Args:
      value: of a number; it rises. Asked for as seldom as can be.
      wanted: what to reach.
      low, high: the range.
      start: where to look first; the middle when None.
      enough: whether a value is so near that the search may end: at a number that
        reaches it, or one below where it does not.

    Returns:
      The number; high + 1 where none reaches it. Just below it, unless `enough` ended
      the search, is a number that does not, or low.
    """
    below, above = (low - 1, -math.inf), (high + 1, math.inf)
    at, turn = start, 0
    while above[0] - below[0] > 1:
        if at is None or not below[0] < at < above[0]:
            at = (below[0] + above[0]) // 2
        found = value(at)
        if found < wanted:
            below = at, found
        else:
            above = at, found
        if enough(found):
            return at if found >= wanted else at + 1
        at, turn = None, turn + 1
        rise = above[1] - below[1]
        if math.isfinite(rise) and rise > 0 and turn % 3:  # the middle at times
            share = (wanted - below[1]) / rise
            at = below[0] + round(share * (above[0] - below[0]))
            at = min(max(at, below[0] + 1), above[0] - 1)
    return above[0]
