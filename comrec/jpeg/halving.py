"""Measures what a picture loses by halved chroma alone."""

from __future__ import annotations

import numpy as np

from comrec.jpeg import coefficients as co
from comrec.jpeg.layout import Layout

_BAND_PX = 2**20  # measured at once, which bounds memory


def halving_error(pixels: np.ndarray) -> float:
    """Returns the mean squared error of R, G and B that 4:2:0 has at any quality.

    Args:
      pixels: uint8 (h, w, 1) or (h, w, 3).

    Returns:
      In squared grey levels; 0 for grey.
    """
    if pixels.shape[2] == 1:
        return 0.0
    rows, total = max(_BAND_PX // pixels.shape[1] // 2, 1) * 2, 0.0
    for top in range(0, pixels.shape[0], rows):
        band = pixels[top : top + rows].astype(np.float32)
        layout = Layout(len(band), band.shape[1], 3, "4:2:0")
        _, *chroma = co.planes_of(band, layout)
        luma = co.nearest_luma(band, chroma, layout)
        missing = co.pixels_of([luma, *chroma], layout) - band
        total += float(np.vdot(missing, missing))
    return total / pixels.size
