"""Computes the condition, the second input of RecCNN of the comrec family.

The condition describes the quantiser steps of a JPEG and the scale. It comes from the
JPEG's own tables and so takes no bytes; one set of weights serves every quality.
"""

from __future__ import annotations

import numpy as np

SIZE = 5
STEP_MIDDLE, STEP_SPREAD = 4.0, 4.0  # log2: steps of 1, 16 and 256 become -1, 0 and 1
_LOW = np.add.outer(np.arange(8), np.arange(8)) < 4  # frequencies of a table


def condition(tables: np.ndarray, scale: float) -> np.ndarray:
    """Computes the condition of one coded image.

    Args:
      tables: quantiser steps (2, 8, 8), from `comrec.jpeg.quantisation.read_tables`.
      scale: linear size ratio image : compact.

    Returns:
      float32 (5,): mean log2 of the steps of luma's low and other frequencies, the
      same of chroma, each about [-1, 1], and log2 of the scale.
    """
    logs = (np.log2(np.maximum(tables, 1)) - STEP_MIDDLE) / STEP_SPREAD
    steps = [logs[plane][part].mean() for plane in (0, 1) for part in (_LOW, ~_LOW)]
    return np.array([*steps, np.log2(scale)], np.float32)
