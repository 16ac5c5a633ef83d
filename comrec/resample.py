"""The one enlargement and the one reduction between image and compact size.

Both are Pillow's bicubic (a = -0.5, antialiased when it reduces), which is also
MATLAB's `imresize`. Backends of Keras disagree about bicubic, so the version
for training multiplies by the matrices that Pillow itself yields.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image

Box = tuple[float, float, float, float]  # left, top, right, bottom, in pixels


def exact(scale: float) -> float:
    """A scale in its one spelling: whole ones are int, so that 2.0 is written as 2."""
    return int(scale) if math.isfinite(scale) and scale == int(scale) else scale


def compact_size(height_px: int, width_px: int, scale: float) -> tuple[int, int]:
    """(h, w) of the compact image: the image's own size over `scale`, rounded up.

    Scales are multiples of a half, which floating point has exactly.
    """
    return math.ceil(height_px / scale), math.ceil(width_px / scale)


def enlarge(compact: np.ndarray, scale: float, size: tuple[int, int]) -> np.ndarray:
    """Enlarges a compact image to the size of the image it was made from.

    Args:
      compact: float32 (h, w, C), any range.
      scale: a multiple of a half, 1 or more.
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
    # A sampling grid that does not depend on how the size was rounded: at 3/2 it may
    # end between two pixels, so there is one more to look at and one more to cut.
    wide, high = math.ceil(w * scale), math.ceil(h * scale)
    box = (0, 0, wide / scale, high / scale)
    return _resize(_grown(compact, box), high, wide, box)[:height, :width]


def reduce(image: np.ndarray, scale: float) -> np.ndarray:
    """Reduces an image without a network: (H, W, C) float32 to (h, w, C) float32."""
    if scale == 1:
        return image
    h, w = compact_size(image.shape[0], image.shape[1], scale)
    box = (0, 0, w * scale, h * scale)
    return _resize(_grown(image, box), h, w, box)


def padded(image: np.ndarray, multiple_px: int) -> np.ndarray:
    """(H, W, C) with sides that are multiples: last rows and columns are repeated.

    So the sampling grid does not depend on the parity of the size, and networks do
    not mix the zeros outside the picture into its last pixels.
    """
    height, width = image.shape[:2]
    return _edged(image, height + -height % multiple_px, width + -width % multiple_px)


def _grown(image: np.ndarray, box: Box) -> np.ndarray:
    """Large enough for a box."""
    _, _, width, height = box
    return _edged(image, math.ceil(height), math.ceil(width))


def _edged(image: np.ndarray, height: int, width: int) -> np.ndarray:
    missing = [
        max(n - m, 0) for n, m in zip((height, width), image.shape, strict=False)
    ]
    return np.pad(image, (*((0, n) for n in missing), (0, 0)), mode="edge")


def enlarge_op(compact: Any, scale: float) -> Any:
    """`enlarge` as differentiable Keras ops, for batches of one static patch size.

    Args:
      compact: tensor (B, h, w, C) with static h and w, whole ones times the scale.
      scale: a multiple of a half, 1 or more.

    Returns:
      float32 tensor (B, h*scale, w*scale, C).
    """
    from keras import ops

    _, h, w, _ = compact.shape
    compact = ops.cast(compact, "float32")
    rows = ops.convert_to_tensor(bicubic_matrix(h, int(h * scale)))
    columns = ops.convert_to_tensor(bicubic_matrix(w, int(w * scale)))
    return ops.einsum("Hh,bhwc,Ww->bHWc", rows, compact, columns)


def reduce_op(image: Any, scale: float) -> Any:
    """`reduce` as differentiable Keras ops, for sides that are multiples of the scale.

    Args:
      image: tensor (B, H, W, C) with static H and W.
      scale: a multiple of a half, 1 or more.

    Returns:
      float32 tensor (B, H/scale, W/scale, C).
    """
    from keras import ops

    _, height, width, _ = image.shape
    rows = ops.convert_to_tensor(bicubic_matrix(height, int(height / scale)))
    columns = ops.convert_to_tensor(bicubic_matrix(width, int(width / scale)))
    return ops.einsum("hH,bHWc,wW->bhwc", rows, ops.cast(image, "float32"), columns)


@lru_cache(maxsize=64)
def bicubic_matrix(n_in: int, n_out: int) -> np.ndarray:
    """float32 (n_out, n_in): Pillow's bicubic along one axis, read off an identity."""
    identity = Image.fromarray(np.eye(n_in, dtype=np.float32))
    resized = identity.resize((n_in, n_out), Image.Resampling.BICUBIC)
    return np.asarray(resized, dtype=np.float32)


def _resize(image: np.ndarray, height: int, width: int, box: Box) -> np.ndarray:
    planes = [
        Image.fromarray(np.ascontiguousarray(image[..., c], dtype=np.float32)).resize(
            (width, height), Image.Resampling.BICUBIC, box
        )
        for c in range(image.shape[2])
    ]
    return np.stack([np.asarray(plane) for plane in planes], axis=-1)
