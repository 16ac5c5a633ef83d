"""Measures a restored picture against its original by five metrics, on 8-bit pixels."""

from __future__ import annotations

import importlib.util
import io
import math
from typing import NamedTuple

import numpy as np
from PIL import Image

from comrec.errors import ComrecError
from comrec.image.metrics import SSIM_SIDE_PX, psnr_db, ssim
from comrec.jpeg.colour import luma

METRICS = ("psnr", "all")
PACKAGES = {"SSIMULACRA2": "ssimulacra2", "SSIM": "skimage"}
# Wang, Simoncelli and Bovik, "Multiscale structural similarity", Asilomar 2003.
MS_SSIM_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
MS_SSIM_SIDE_PX = 161  # the window of 11 pixels must fit the last of five scales
SSIMULACRA2_SIDE_PX = 8  # as its package requires
_WINDOW_PX, _SIGMA_PX = 11, 1.5


class Scores(NamedTuple):
    """Holds the metrics of one restored picture.

    Attributes:
      rgb_psnr_db: over all channels, one or three.
      luma_psnr_db: over BT.601 luma, rounded to 8 bits.
      ssim: of luma, Wang et al. 2004; None if not requested, or if a side is too short.
      ms_ssim, ssimulacra2: of all channels; None as for `ssim`.
    """

    rgb_psnr_db: float
    luma_psnr_db: float
    ssim: float | None = None
    ms_ssim: float | None = None
    ssimulacra2: float | None = None


def scores(image: np.ndarray, restored: np.ndarray, metrics: str = "psnr") -> Scores:
    """Computes the metrics for which rows have a column.

    Args:
      image, restored: uint8 (H, W, 1) or (H, W, 3) of one shape.
      metrics: "psnr", or "all", which takes a second per megapixel or more.
    """
    rgb_db = psnr_db(image, restored)
    planes = luma(image), luma(restored)
    luma_db = psnr_db(*planes)
    if metrics == "psnr":
        return Scores(rgb_db, luma_db)
    side = min(image.shape[:2])
    return Scores(
        rgb_db,
        luma_db,
        ssim(*planes) if side >= SSIM_SIDE_PX else None,
        ms_ssim(image, restored) if side >= MS_SSIM_SIDE_PX else None,
        ssimulacra2(image, restored) if side >= SSIMULACRA2_SIDE_PX else None,
    )


def require(metrics: str) -> None:
    """Raises ComrecError if a package of the metrics is not installed."""
    if metrics == "all":
        for metric in PACKAGES:
            _require(metric)


def _require(metric: str) -> None:
    package = PACKAGES[metric]
    if importlib.util.find_spec(package) is None:
        raise ComrecError(
            f"{metric} needs the package {package}, which is not installed: "
            f"pip install comrec[eval]"
        )


def has_ssimulacra2() -> bool:
    """Tells whether the package `ssimulacra2` is installed."""
    return importlib.util.find_spec("ssimulacra2") is not None


def ms_ssim(image: np.ndarray, restored: np.ndarray) -> float:
    """Computes multi-scale SSIM of Wang et al. 2003, in details like pytorch-msssim.

    Gaussian window of 11x11 pixels and sigma 1.5, K1 = 0.01, K2 = 0.03, peak 255, five
    scales with means of 2x2 between them, contrast and structure cut at 0. An odd side
    gets a row or column of zeros before it is halved.

    Args:
      image, restored: uint8 (H, W, C) of one shape, no side under 161 pixels.

    Returns:
      0 to 1; the mean over channels.
    """
    if (
        image.shape != restored.shape
        or {image.dtype, restored.dtype} != {np.dtype(np.uint8)}
        or image.ndim != 3
        or min(image.shape[:2]) < MS_SSIM_SIDE_PX
    ):
        raise ValueError(
            "ms_ssim compares uint8 (H, W, C) of one shape and at least "
            f"{MS_SSIM_SIDE_PX} pixels a side. Received: {image.dtype}{image.shape} "
            f"and {restored.dtype}{restored.shape}"
        )
    channels = range(image.shape[2])  # one at a time: large pictures take memory
    return float(
        np.mean([_ms_ssim_plane(image[..., c], restored[..., c]) for c in channels])
    )


def ms_ssim_db(value: float) -> float:
    """Returns -10 log10(1 - MS-SSIM), which spreads values close to 1; `inf` for 1."""
    return math.inf if value >= 1 else -10 * math.log10(1 - value)


def ssimulacra2(image: np.ndarray, restored: np.ndarray) -> float:
    """Computes SSIMULACRA2 by the package `ssimulacra2`; grey becomes equal RGB.

    Args:
      image, restored: uint8 (H, W, 1) or (H, W, 3) of one shape.

    Returns:
      At most 100: 90 is hard to tell from the original, 70 high quality, 50 medium, 30
      low; negative when very different.

    Raises:
      ComrecError: the package is not installed.
    """
    _require("SSIMULACRA2")
    from ssimulacra2 import compute_ssimulacra2

    return float(compute_ssimulacra2(_make_file(image), _make_file(restored)))


def _ms_ssim_plane(image: np.ndarray, restored: np.ndarray) -> float:
    """Computes MS-SSIM of two planes, uint8 (H, W)."""
    x, y = image.astype(np.float64), restored.astype(np.float64)
    product = 1.0
    for scale, weight in enumerate(MS_SSIM_WEIGHTS):
        if scale:
            x, y = _halve(x), _halve(y)
        similarity, contrast = _ssim_plane(x, y)
        is_last = scale == len(MS_SSIM_WEIGHTS) - 1
        product *= max(similarity if is_last else contrast, 0.0) ** weight
    return product


def _ssim_plane(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Computes SSIM, and its term of contrast and structure alone, of (H, W) planes."""
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean_x, mean_y = _blur(x), _blur(y)
    variance_x = _blur(x * x) - mean_x * mean_x
    variance_y = _blur(y * y) - mean_y * mean_y
    covariance = _blur(x * y) - mean_x * mean_y
    contrast = (2 * covariance + c2) / (variance_x + variance_y + c2)
    light = (2 * mean_x * mean_y + c1) / (mean_x * mean_x + mean_y * mean_y + c1)
    return float(np.mean(light * contrast)), float(np.mean(contrast))


def _blur(plane: np.ndarray) -> np.ndarray:
    """Blurs a plane; returns the pixels whose whole window lies within it."""
    places = np.arange(_WINDOW_PX) - _WINDOW_PX // 2
    window = np.exp(-(places**2) / (2 * _SIGMA_PX**2))
    window /= window.sum()
    for _ in range(2):  # along each axis
        height = len(plane) - _WINDOW_PX + 1
        plane = sum(w * plane[i : i + height] for i, w in enumerate(window)).T  # type: ignore[union-attr]
    return plane


def _halve(plane: np.ndarray) -> np.ndarray:
    """Returns means of 2x2, with zeros before an odd side."""
    height, width = plane.shape
    plane = np.pad(plane, ((height % 2, 0), (width % 2, 0)))
    return plane.reshape(plane.shape[0] // 2, 2, plane.shape[1] // 2, 2).mean((1, 3))


def _make_file(pixels: np.ndarray) -> io.BytesIO:
    """Returns a PPM in memory: the package passes its argument on to Pillow."""
    rgb = np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3)))
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "PPM")
    file.seek(0)
    return file
