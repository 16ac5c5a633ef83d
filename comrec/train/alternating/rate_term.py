"""Estimates the bits of a compact image in a JPEG, with a gradient.

The loss of the paper lets ComCNN raise the quality at the cost of more bytes. The rate
term adds

    rate_weight * scale * sum_i log2(1 + |c_i / step_i|)

over the DCT coefficients c of the compact image, each in steps of the quantisation
table, DC as the difference from the block before it, chroma halved, as JPEG codes it.
`scale` is measured in every epoch: real JPEG bits over the sum, on whole pictures of
the run. So the term counts bits (on small patches about 15 % too many, because of the
padded edges), and the unit of `rate_weight` is halved squared error per bit.
(Log-magnitudes calibrated against the actual JPEG: after Guleryuz et al.,
"Sandwiched Compression", arXiv:2402.05887.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from keras import ops

from comrec.networks.models import jpeg_proxy


def magnitudes(compact: Any, quality: int) -> Any:
    """Computes the uncalibrated sum of log-magnitudes of each image.

    Args:
      compact: tensor (B, h, w, C) of static size, pixels about [0, 1].
      quality: of the JPEG, libjpeg's standard tables.

    Returns:
      float32 tensor (B,).
    """
    steps = jpeg_proxy.steps_at(quality, channels=compact.shape[3])
    return jpeg_proxy.magnitudes(compact, ops.convert_to_tensor(steps[None]))


def bits_per_magnitude(
    comcnn: Callable[[np.ndarray], np.ndarray],
    crops: Iterable[np.ndarray],
    quality: int,
) -> float:
    """Measures real JPEG bits over `magnitudes`, of compact images of whole pictures.

    Args:
      comcnn: from float32 (1, H, W, C) in [0, 1] to (1, h, w, C).
      crops: uint8 (H, W, C) each, all of one size.
      quality: of the JPEG, 1 to 100.
    """
    compact = np.concatenate(
        [np.asarray(comcnn(crop[None].astype(np.float32) / 255)) for crop in crops]
    )
    return jpeg_proxy.bits_per_magnitude(compact, [quality] * len(compact))
