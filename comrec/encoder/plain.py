"""Encodes plain JPEGs: the anchor, and the best one within a number of bytes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from comrec.encoder.root_finding import find_crossing, largest
from comrec.image.metrics import psnr_db
from comrec.jpeg import coding
from comrec.jpeg.quantisation import log_step, nearest_quality
from comrec.networks.codec import Codec

PLAIN_LOG2_BYTES = 0.62  # of plain JPEG's bytes, at usual qualities


@dataclass(frozen=True)
class Coded:
    """A JPEG without metadata and how close to the image it comes out."""

    jpeg: bytes = field(repr=False)
    quality: int
    psnr_db: float


def plain(pixels: np.ndarray, quality: int) -> Coded:
    """Plain JPEG, the anchor: libjpeg-turbo, 4:2:0, optimised Huffman tables."""
    data = coding.encode(pixels, quality)
    return Coded(data, quality, psnr_db(pixels, coding.decode(data)))


def plain_within(
    pixels: np.ndarray,
    budget_bytes: int,
    start: int | None = None,
    threads: int = 1,
) -> Coded | None:
    """The best plain JPEG of at most so many bytes; None if there is none.

    `start` is a quality to look at first; `threads` as in `jpeg.encode`.
    """
    if budget_bytes < 1:
        return None
    fitting: dict[int, bytes] = {}  # the largest so far

    def byte_octaves(quality: int) -> float:
        data = coding.encode(pixels, quality, threads=threads)
        if len(data) <= budget_bytes:
            fitting.clear()
            fitting[quality] = data
        return math.log2(len(data))

    wanted, first = math.log2(budget_bytes + 0.5), [start] if start else []
    find_crossing(
        byte_octaves, wanted, 1, 100, first, axis=log_step, rise=PLAIN_LOG2_BYTES
    )
    for quality, data in fitting.items():
        return Coded(data, quality, psnr_db(pixels, coding.decode(data)))
    return None


def guess_within(budget_bytes: int, near: Coded) -> int:
    """The quality at which plain JPEG takes so many bytes, as another one says."""
    finer = math.log2(max(budget_bytes, 1) / len(near.jpeg)) / PLAIN_LOG2_BYTES
    return nearest_quality(log_step(near.quality) + finer)


def at_quality(codec: Codec, pixels: np.ndarray, quality: int) -> Coded:
    """The compact image at its own JPEG quality, whatever that is worth."""
    data = codec.encode(codec.compact(pixels), quality)
    return Coded(data, quality, psnr_db(pixels, codec.restore(data, pixels.shape[:2])))


def within(codec: Codec, pixels: np.ndarray, budget_bytes: int) -> Coded | None:
    """The finest compact JPEG of at most so many bytes; None if there is none."""
    compact = codec.compact(pixels)
    quality = largest(lambda q: len(codec.encode(compact, q)) <= budget_bytes, 1, 100)
    return None if quality is None else at_quality(codec, pixels, quality)
