"""Scores a pair at equal bytes: what every round of training is judged by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from comrec import jpeg, resample
from comrec.metrics import psnr_db

SIDECAR_BYTES = 80  # counted with the compact JPEG; the real one is a little smaller
Network = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Score:
    """Means over a validation set; dB on 8-bit pixels."""

    psnr_db: float  # restored, at the bytes of the plain JPEG or fewer
    plain_psnr_db: float
    fixed_psnr_db: float  # restored, at the quality the pair was trained for
    fixed_bytes_ratio: float  # of those files over the plain ones


def score(
    comcnn: Network,
    reccnn: Network,
    images: list[np.ndarray],
    compact_quality: int,
    plain_quality: int,
    scale: int = 2,
) -> Score:
    """Byte-fair comparison with plain JPEG, picture by picture.

    Args:
      comcnn, reccnn: float32 (1, H, W, C) to the compact image and the residual.
      images: uint8 (H, W, C) each.
      compact_quality: the quality the pair was trained for.
      plain_quality: of the optimised libjpeg-turbo JPEG whose bytes are the budget.
      scale: linear size ratio.
    """
    rows = []
    for image in images:
        plain = jpeg.encode(image, plain_quality)
        compact = reduce_with(comcnn, image)
        fixed = jpeg.encode(compact, compact_quality)
        matched = fit(compact, len(plain) - SIDECAR_BYTES) or jpeg.encode(compact, 1)
        size = image.shape[:2]
        rows.append(
            (
                psnr_db(image, restore_with(reccnn, matched, scale, size)),
                psnr_db(image, jpeg.decode(plain)),
                psnr_db(image, restore_with(reccnn, fixed, scale, size)),
                (len(fixed) + SIDECAR_BYTES) / len(plain),
            )
        )
    return Score(*(float(np.mean(column)) for column in zip(*rows, strict=True)))


def fit(compact: np.ndarray, budget_bytes: int) -> bytes | None:
    """The JPEG of highest quality within a budget; None if even quality 1 is beyond."""
    low, high, best = 1, 100, None
    while low <= high:
        middle = (low + high) // 2
        candidate = jpeg.encode(compact, middle)
        if len(candidate) <= budget_bytes:
            low, best = middle + 1, candidate
        else:
            high = middle - 1
    return best


def reduce_with(comcnn: Network, image: np.ndarray) -> np.ndarray:
    """uint8 (H, W, C) to the compact image, uint8 (h, w, C)."""
    compact = np.asarray(comcnn(image[None].astype(np.float32) / 255), np.float32)[0]
    return np.rint(np.clip(compact, 0, 1) * 255).astype(np.uint8)


def restore_with(
    reccnn: Network, coded_jpeg: bytes, scale: int, size: tuple[int, int]
) -> np.ndarray:
    """A compact JPEG to the restored image, uint8 (H, W, C)."""
    coded = jpeg.decode(coded_jpeg).astype(np.float32) / 255
    enlarged = resample.enlarge(coded, scale, size)
    restored = enlarged + np.asarray(reccnn(enlarged[None]), np.float32)[0]
    return np.rint(np.clip(restored, 0, 1) * 255).astype(np.uint8)
