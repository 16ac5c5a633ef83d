"""Selects rows of a large image that represent the whole image in less time."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from comrec.encoder.plain import Coded
from comrec.image.metrics import psnr_db
from comrec.jpeg import coding
from comrec.jpeg.settings import PLAIN, JpegSettings

# A multiple of the JPEG's block size at every scale, so that no coded block mixes rows
# of two bands.
BAND_ROWS = 96
EXCERPT_MIN_PX, BANDS_MIN = 2**19, 4


@dataclass(frozen=True)
class Excerpt:
    """Holds rows of an image and the relation of their JPEG to a JPEG of the image.

    Attributes:
      pixels: uint8 (h, W, C); the whole image where the image is not large.
      byte_share: bytes of the excerpt's JPEG divided by bytes of the image's JPEG.
      psnr_offset_db: PSNR of the excerpt's JPEG minus PSNR of the image's JPEG.
    """

    pixels: np.ndarray
    byte_share: float = 1.0
    psnr_offset_db: float = 0.0


def take_excerpt(
    pixels: np.ndarray, plain: Coded | None, settings: JpegSettings = PLAIN
) -> Excerpt:
    """Takes every n-th band of a large image.

    Args:
      pixels: uint8 (H, W, C), the image.
      plain: a JPEG of the image, to calibrate the excerpt with. Without this JPEG, or
        where its PSNR is infinite, the excerpt is the whole image.
      settings: the settings that `plain` was written with.
    """
    height, width = pixels.shape[:2]
    every = min(height * width // EXCERPT_MIN_PX, height // BAND_ROWS // BANDS_MIN)
    if every < 2 or plain is None or math.isinf(plain.psnr_db):
        return Excerpt(pixels)
    starts = range(every // 2 * BAND_ROWS, height, every * BAND_ROWS)
    rows = np.concatenate([pixels[y : y + BAND_ROWS] for y in starts])
    # An image above 16 megapixels is written in other scans than a smaller excerpt.
    scans = coding.scans_of(pixels, settings)
    same_scans = replace(settings, scans=scans[0]) if len(scans) == 1 else settings
    data = coding.encode(rows, plain.quality, same_scans)
    offset_db = psnr_db(rows, coding.decode(data)) - plain.psnr_db
    if math.isinf(offset_db):
        return Excerpt(pixels)
    return Excerpt(rows, len(data) / len(plain.jpeg), offset_db)
