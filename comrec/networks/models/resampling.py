"""Enlarges and reduces tensors as `comrec.image.resample` does arrays, with a gradient.

Backends of Keras disagree about bicubic resizing, so both directions multiply by
matrices that Pillow's own bicubic kernel yields.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from keras import ops
from PIL import Image


def enlarge_op(compact: Any, scale: float) -> Any:
    """Enlarges a batch of patches of one static size, differentiably.

    Args:
      compact: tensor (B, h, w, C) with static h and w; times the scale they are whole
        numbers.
      scale: a multiple of a half, 1 or more.

    Returns:
      float32 tensor (B, h*scale, w*scale, C).
    """
    _, h, w, _ = compact.shape
    compact = ops.cast(compact, "float32")
    rows = ops.convert_to_tensor(bicubic_matrix(h, int(h * scale)))
    columns = ops.convert_to_tensor(bicubic_matrix(w, int(w * scale)))
    return ops.einsum("Hh,bhwc,Ww->bHWc", rows, compact, columns)


def reduce_op(image: Any, scale: float) -> Any:
    """Reduces a batch whose sides are multiples of the scale, differentiably.

    Args:
      image: tensor (B, H, W, C) with static H and W.
      scale: a multiple of a half, 1 or more.

    Returns:
      float32 tensor (B, H/scale, W/scale, C).
    """
    _, height, width, _ = image.shape
    rows = ops.convert_to_tensor(bicubic_matrix(height, int(height / scale)))
    columns = ops.convert_to_tensor(bicubic_matrix(width, int(width / scale)))
    return ops.einsum("hH,bHWc,wW->bhwc", rows, ops.cast(image, "float32"), columns)


@lru_cache(maxsize=64)
def bicubic_matrix(n_in: int, n_out: int) -> np.ndarray:
    """Returns the matrix of Pillow's bicubic resize along one axis.

    Args:
      n_in, n_out: length of the axis before and after, in pixels.

    Returns:
      float32 (n_out, n_in): the identity, resized.
    """
    identity = Image.fromarray(np.eye(n_in, dtype=np.float32))
    resized = identity.resize((n_in, n_out), Image.Resampling.BICUBIC)
    return np.asarray(resized, dtype=np.float32)
