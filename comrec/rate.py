"""Choosing the compact image's JPEG quality: as close as plain JPEG, in fewer bytes."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from comrec import jpeg, tiling
from comrec.codec import Codec
from comrec.metrics import psnr_db

# The search looks at this much of a picture, then checks its choice on all of it.
SAMPLE_SIDE_PX = 96
SAMPLE_COUNT = 8
CHECKS_MAX = 4  # on the whole picture, which takes the longest


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


def as_close_as(
    codec: Codec, pixels: np.ndarray, anchor: Coded, overhead_bytes: int
) -> Coded | None:
    """A compact JPEG as small as can be that is restored as well as an anchor.

    The search looks at a sample of a large picture. What it returns has been
    checked on the whole; a smaller file, or one where it returns None, may exist.

    Args:
      codec: the pair to use.
      pixels: uint8 (H, W, 1|3), the image.
      anchor: a plain JPEG of it.
      overhead_bytes: what comrec writes besides the compact JPEG.

    Returns:
      One that is smaller than the anchor, overhead counted, and as close to the
      image (PSNR on 8 bits, all channels), or None.
    """
    compact = codec.compact(pixels)
    encode = functools.lru_cache(maxsize=128)(lambda q: codec.encode(compact, q))
    budget = len(anchor.jpeg) - 1 - overhead_bytes
    top = largest(lambda q: len(encode(q)) <= budget, 1, 100)
    if top is None:
        return None
    sampled = _sampled_lead(codec, pixels, anchor)
    lead_db = functools.lru_cache(maxsize=128)(lambda q: sampled(encode(q)))
    if lead_db(top) < 0:
        return None

    def smallest(wanted_db: float) -> int:
        # One above the largest quality that does not lead by so much.
        return 1 + (largest(lambda q: lead_db(q) < wanted_db, 1, top - 1) or 0)

    checked: dict[int, Coded] = {}
    bias_db = 0.0  # how much better than its sample the whole picture does
    while len(checked) < CHECKS_MAX:
        quality = smallest(-bias_db)
        if quality in checked:
            break
        restored = codec.restore(encode(quality), pixels.shape[:2])
        reached_db = psnr_db(pixels, restored)
        checked[quality] = Coded(encode(quality), quality, reached_db)
        bias_db = reached_db - anchor.psnr_db - lead_db(quality)
    good = [c for c in checked.values() if c.psnr_db >= anchor.psnr_db]
    return min(good, key=lambda c: c.quality, default=None)


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


def _sampled_lead(
    codec: Codec, pixels: np.ndarray, anchor: Coded
) -> Callable[[bytes], float]:
    """A function from a compact JPEG to its lead in dB, on a sample of tiles."""
    size = pixels.shape[0], pixels.shape[1]
    windows = tiling.sample(*size, SAMPLE_SIDE_PX, SAMPLE_COUNT)
    decoded = jpeg.decode(anchor.jpeg)

    def square_error(window: tiling.Window, other: np.ndarray) -> float:
        difference = pixels[window.slices].astype(np.int32) - other
        return float(np.sum(difference * difference))

    theirs = sum(square_error(w, decoded[w.slices]) for w in windows)

    def lead_db(coded_jpeg: bytes) -> float:
        restored = codec.restore_windows(coded_jpeg, size, windows)
        ours = sum(square_error(window, part) for window, part in restored)
        if theirs == 0 or ours == 0:
            return math.inf if ours < theirs or ours == 0 else -math.inf
        return 10 * math.log10(theirs / ours)

    return lead_db
