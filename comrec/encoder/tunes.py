"""Describes what the encoder is tuned for: JPEG tables, and the metric to maximise.

Every tune is a record in TUNES; code outside comrec may add one at run time. The
promises of `compress` (never worse than plain JPEG, `target_psnr`) are about PSNR,
whatever the tune.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from comrec.jpeg.settings import JpegSettings
    from comrec.networks.presets import Preset


@dataclass(frozen=True)
class Metric:
    """Measures how close a restored image is to the image.

    Attributes:
      window_error: (image, restored), both uint8 (h, w, C), to an error.
      score: (error, number of values) to a number that rises with closeness.
      is_additive: whether the errors of windows sum to the error of the image. A metric
        that is not additive is measured on whole images, which takes more memory.
    """

    window_error: Callable[[np.ndarray, np.ndarray], float]
    score: Callable[[float, int], float]
    is_additive: bool = True


@dataclass(frozen=True)
class Tune:
    """Holds what one value of the option `tune` stands for.

    Attributes:
      tables: of plain JPEGs.
      settings: from a preset to the settings of its compact JPEGs.
      metric: orders files of equal right: the highest score within a budget of bytes.
      encoder: of plain JPEGs; has to have the tables.
    """

    tables: str
    settings: Callable[[Preset], JpegSettings]
    metric: Metric
    encoder: str = "mozjpeg"


def _square_error(image: np.ndarray, restored: np.ndarray) -> float:
    from comrec.image.metrics import square_error  # loads NumPy

    return square_error(image, restored)


def _psnr_db(error: float, count: int) -> float:
    from comrec.image.metrics import psnr_of

    return psnr_of(int(error), count)


PSNR = Metric(_square_error, _psnr_db)
TUNES: dict[str, Tune] = {
    "psnr": Tune("flat", lambda preset: preset.jpeg, PSNR, "comrec"),
    "visual": Tune("standard", lambda preset: preset.jpeg_visual or preset.jpeg, PSNR),
}
