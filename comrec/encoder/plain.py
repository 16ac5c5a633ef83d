"""Encodes images at a quality or within a number of bytes: plain JPEG and one codec."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from comrec.encoder.root_finding import find_crossing, find_largest
from comrec.image.metrics import psnr_db
from comrec.jpeg import coding
from comrec.jpeg.quantisation import log_step, nearest_quality
from comrec.networks.codec import Codec

PLAIN_LOG2_BYTES = 0.62  # of plain JPEG per log step, at usual qualities


@dataclass(frozen=True)
class Coded:
    """Holds a JPEG without metadata, its quality, and the PSNR of its decoded image.

    Attributes:
      jpeg: the whole file.
      quality: 1 to 100; a whole number unless the encoder takes any.
      psnr_db: over all channels of 8-bit pixels; `inf` for identical images.
    """

    jpeg: bytes = field(repr=False)
    quality: float
    psnr_db: float


def encode_plain(pixels: np.ndarray, quality: int) -> Coded:
    """Encodes plain JPEG, the anchor: libjpeg-turbo, 4:2:0, optimised Huffman tables.

    Args:
      pixels: uint8 (H, W, 1|3), the image.
      quality: 1 to 100.
    """
    data = coding.encode(pixels, quality)
    return Coded(data, quality, psnr_db(pixels, coding.decode(data)))


def encode_plain_within(
    pixels: np.ndarray,
    budget_bytes: int,
    start: int | None = None,
    threads: int = 1,
) -> Coded | None:
    """Encodes the best plain JPEG that fits a budget; None where none fits.

    Args:
      pixels: uint8 (H, W, 1|3), the image.
      budget_bytes: the most that the file may take.
      start: the quality to encode first.
      threads: as in `jpeg.coding.encode`.
    """
    if budget_bytes < 1:
        return None
    fitting: dict[int, bytes] = {}  # the largest file that fits, by its quality

    def measure_log2_bytes(quality: int) -> float:
        data = coding.encode(pixels, quality, threads=threads)
        if len(data) <= budget_bytes:
            fitting.clear()
            fitting[quality] = data
        return math.log2(len(data))

    find_crossing(
        measure_log2_bytes, math.log2(budget_bytes + 0.5), 1, 100,
        [start] if start else [], axis=log_step, slope=PLAIN_LOG2_BYTES,
    )  # fmt: skip
    for quality, data in fitting.items():
        return Coded(data, quality, psnr_db(pixels, coding.decode(data)))
    return None


def predict_plain_quality(budget_bytes: int, known: Coded) -> int:
    """Predicts the quality at which plain JPEG takes a number of bytes.

    Args:
      budget_bytes: the bytes of the file without metadata.
      known: another plain JPEG of the same image.
    """
    log2_ratio = math.log2(max(budget_bytes, 1) / len(known.jpeg))
    return nearest_quality(log_step(known.quality) + log2_ratio / PLAIN_LOG2_BYTES)


def encode_at_quality(codec: Codec, pixels: np.ndarray, quality: int) -> Coded:
    """Encodes the compact image at a JPEG quality and measures the restored image.

    Args:
      codec: the networks, at one scale.
      pixels: uint8 (H, W, 1|3), the image.
      quality: of the compact JPEG, 1 to 100.
    """
    data = codec.encode(codec.compact(pixels), quality)
    return Coded(data, quality, psnr_db(pixels, codec.restore(data, pixels.shape[:2])))


def encode_within(codec: Codec, pixels: np.ndarray, budget_bytes: int) -> Coded | None:
    """Encodes the finest compact JPEG that fits a budget; None where none fits.

    Args:
      codec: the networks, at one scale.
      pixels: uint8 (H, W, 1|3), the image.
      budget_bytes: the most that the JPEG may take, without sidecar and metadata.
    """
    compact = codec.compact(pixels)
    quality = find_largest(
        lambda q: len(codec.encode(compact, q)) <= budget_bytes, 1, 100
    )
    return None if quality is None else encode_at_quality(codec, pixels, quality)
