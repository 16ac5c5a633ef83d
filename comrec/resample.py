"""The one enlargement and the one reduction between image and compact size.

Both are Pillow's bicubic (a = -0.5, antialiased when it reduces), which is also
MATLAB's `imresize`. Backends of Keras disagree about bicubic, so the version
for training multiplies by the matrices that Pillow itself yields.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image


def compact_size(height_px: int, width_px: int, scale: int) -> tuple[int, int]:
    """(h, w) of the compact image: the image's own size over `scale`, rounded up."""
    return -(-height_px // scale), -(-width_px // scale)


def enlarge(compact: np.ndarray, scale: int, size: tuple[int, int]) -> np.ndarray:
    """Enlarges a compact image to the size of the image it was made from.

    Args:
      compact: float32 (h, w, C), any range.
      scale: whole number, 1 or more.
      size: (H, W) with h = ceil(H / scale), w = ceil(W / scale).

    Returns:
      float32 (H, W, C), same range plus bicubic overshoot; not clipped.
    """
    height, width = size
    h, w = compact.shape[:2]
    if (h, w) != compact_size(height, width, scale):
        raise ValueError(
            f"a {w}x{h} compact image at scale {scale} cannot enlarge to "
            f"{width}x{height}"
        )
    if scale == 1:
        return compact
    return _resize(compact, h * scale, w * scale)[:height, :width]


def reduce(image: np.ndarray, scale: int) -> np.ndarray:
    """Reduces an image without a network: (H, W, C) float32 to (h, w, C) float32."""
    if scale == 1:
        return image
    h, w = compact_size(image.shape[0], image.shape[1], scale)
    return _resize(padded(image, scale), h, w)


def padded(image: np.ndarray, scale: int) -> np.ndarray:
    """(H, W, C) to (h*scale, w*scale, C): odd last rows and columns are repeated.

    So the sampling grid does not depend on the parity of the size, and ComCNN
    does not mix the zeros outside the picture into the last compact pixels.
    """
    height, width = image.shape[:2]
    widths = ((0, -height % scale), (0, -width % scale), (0, 0))
    return np.pad(image, widths, mode="edge")


def enlarge_op(compact: Any, scale: int) -> Any:
    """`enlarge` as differentiable Keras ops, for batches of one static patch size.

    Args:
      compact: tensor (B, h, w, C) with static h and w.
      scale: whole number, 1 or more.

    Returns:
      float32 tensor (B, h*scale, w*scale, C).
    """
    from keras import ops

    _, h, w, _ = compact.shape
    compact = ops.cast(compact, "float32")
    rows = ops.convert_to_tensor(bicubic_matrix(h, h * scale))
    columns = ops.convert_to_tensor(bicubic_matrix(w, w * scale))
    return ops.einsum("Hh,bhwc,Ww->bHWc", rows, compact, columns)


@lru_cache(maxsize=64)
def bicubic_matrix(n_in: int, n_out: int) -> np.ndarray:
    """float32 (n_out, n_in): Pillow's bicubic along one axis, read off an identity."""
    identity = Image.fromarray(np.eye(n_in, dtype=np.float32))
    resized = identity.resize((n_in, n_out), Image.Resampling.BICUBIC)
    return np.asarray(resized, dtype=np.float32)


def _resize(image: np.ndarray, height: int, width: int) -> np.ndarray:
    planes = [
        Image.fromarray(np.ascontiguousarray(image[..., c], dtype=np.float32)).resize(
            (width, height), Image.Resampling.BICUBIC
        )
        for c in range(image.shape[2])
    ]
    return np.stack([np.asarray(plane) for plane in planes], axis=-1)
