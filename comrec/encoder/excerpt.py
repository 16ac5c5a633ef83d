"""Some rows of a large image that tell about the whole, in a fraction of the time."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from comrec.encoder.plain import Coded
from comrec.image.metrics import psnr_db
from comrec.jpeg import coding
from comrec.jpeg.settings import PLAIN, JpegSettings

# Whole blocks of a JPEG at every scale: where two bands meet nothing is coded that is
# not in the image.
BAND_ROWS = 96
PART_PX, BANDS_MIN = 2**19, 4  # that a part has at least


@dataclass(frozen=True)
class Excerpt:
    """Rows of an image, and how they stand to the whole.

    Attributes:
      pixels: uint8 (h, W, C); all of an image that is not large.
      share: of the bytes of the whole.
      above_db: how much closer a JPEG of it comes than one of the whole.
    """

    pixels: np.ndarray
    share: float = 1.0
    above_db: float = 0.0


def take_excerpt(
    pixels: np.ndarray, plain: Coded | None, settings: JpegSettings = PLAIN
) -> Excerpt:
    """Every n-th band of a large image.

    Args:
      pixels: uint8 (H, W, C).
      plain: a JPEG of the whole to compare with. Without it, or where it is the image
        to the last bit, a part says nothing.
      settings: how that was written.
    """
    height, width = pixels.shape[:2]
    every = min(height * width // PART_PX, height // BAND_ROWS // BANDS_MIN)
    if every < 2 or plain is None or math.isinf(plain.psnr_db):
        return Excerpt(pixels)
    starts = range(every // 2 * BAND_ROWS, height, every * BAND_ROWS)
    rows = np.concatenate([pixels[y : y + BAND_ROWS] for y in starts])
    # Above 16 megapixels the whole is written in other scans than a part would be.
    kinds = coding.scans_of(pixels, settings)
    alike = replace(settings, scans=kinds[0]) if len(kinds) == 1 else settings
    same = coding.encode(rows, plain.quality, alike)
    above_db = psnr_db(rows, coding.decode(same)) - plain.psnr_db
    if math.isinf(above_db):
        return Excerpt(pixels)
    return Excerpt(rows, len(same) / len(plain.jpeg), above_db)
