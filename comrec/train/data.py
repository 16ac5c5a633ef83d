"""Pictures to patches: what both steps of the alternating scheme are fed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from comrec import jpeg, resample
from comrec.errors import UsageError

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"}
# Huffman tables and scans do not change the decoded pixels; this is the fastest.
LOOP = jpeg.JpegSettings(huffman="standard", scans="baseline")


def load_crops(folder: Path, crop_px: int, channels: int) -> np.ndarray:
    """Reads a folder and cuts every picture into squares that do not overlap.

    Returns:
      uint8 (N, crop_px, crop_px, channels); grey is BT.601 full range.

    Raises:
      UsageError: the folder holds no picture of at least that size.
    """
    crops = []
    for path in picture_files(folder):
        pixels = load_picture(path, channels)
        rows, columns = (side // crop_px for side in pixels.shape[:2])
        for y in range(0, rows * crop_px, crop_px):
            for x in range(0, columns * crop_px, crop_px):
                crops.append(pixels[y : y + crop_px, x : x + crop_px])
    if not crops:
        raise UsageError(
            f"{folder}: no picture of at least {crop_px}x{crop_px} pixels to train on"
        )
    return np.stack(crops)


def picture_files(folder: Path) -> list[Path]:
    """The pictures directly in a folder, sorted by name."""
    if not folder.is_dir():
        raise UsageError(f"{folder}: not a folder of pictures")
    return sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES)


def load_picture(path: Path, channels: int) -> np.ndarray:
    """uint8 (H, W, channels)."""
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("L" if channels == 1 else "RGB"))
    return pixels.reshape(*pixels.shape[:2], channels)


def turned(crops: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each square under one of its 8 flips and rotations, drawn at random."""
    out = np.empty_like(crops)
    for i, (crop, which) in enumerate(
        zip(crops, rng.integers(8, size=len(crops)), strict=True)
    ):
        crop = np.rot90(crop, which % 4)
        out[i] = crop[::-1] if which >= 4 else crop
    return out


def coded_pairs(
    comcnn: Callable[[np.ndarray], np.ndarray],
    crops: np.ndarray,
    quality: int,
    scale: int,
) -> np.ndarray:
    """What RecCNN will see: crops through ComCNN and a *real* JPEG, enlarged.

    Args:
      comcnn: float32 (B, H, W, C) in [0, 1] to (B, h, w, C).
      crops: uint8 (N, H, W, C).
      quality: of the JPEG, 1 to 100.
      scale: linear size ratio of ComCNN.

    Returns:
      float32 (N, H, W, C), pixels on the scale [0, 1], not clipped.
    """
    enlarged = np.empty(crops.shape, np.float32)
    for start in range(0, len(crops), 16):
        image = crops[start : start + 16].astype(np.float32) / 255
        for i, compact in enumerate(np.asarray(comcnn(image), np.float32)):
            coded = through_jpeg(compact, quality)
            enlarged[start + i] = resample.enlarge(coded, scale, crops.shape[1:3])
    return enlarged


def through_jpeg(compact: np.ndarray, quality: int) -> np.ndarray:
    """One compact image, float32 (h, w, C) about [0, 1], rounded, coded, decoded."""
    pixels = np.rint(np.clip(compact, 0, 1) * 255).astype(np.uint8)
    coded = jpeg.decode(jpeg.encode(pixels, quality, LOOP))
    return coded.astype(np.float32) / 255


def patch_batches(
    arrays: tuple[np.ndarray, ...], patch_px: int, batch: int, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, ...]]:
    """Cuts aligned crops into patches on a grid with a random origin, shuffled.

    Args:
      arrays: float32 or uint8 (N, H, W, C) each, aligned with each other.
      patch_px: side of a patch.
      batch: patches in each batch; an incomplete last batch is dropped.
      rng: source of the origin and the order.

    Yields:
      One float32 (batch, patch_px, patch_px, C) per array; uint8 becomes [0, 1].
    """
    count, side = arrays[0].shape[:2]
    # An even origin keeps patches on the sampling grid of a halving ComCNN.
    steps = side // patch_px
    y0, x0 = rng.integers((side - steps * patch_px) // 2 + 1, size=2) * 2
    corners = [
        (n, y0 + y * patch_px, x0 + x * patch_px)
        for n in range(count)
        for y in range(steps)
        for x in range(steps)
        if y0 + (y + 1) * patch_px <= side and x0 + (x + 1) * patch_px <= side
    ]
    order = rng.permutation(len(corners))
    for start in range(0, len(order) - batch + 1, batch):
        chosen = [corners[i] for i in order[start : start + batch]]
        yield tuple(_gather(array, chosen, patch_px) for array in arrays)


def _gather(
    array: np.ndarray, corners: list[tuple[int, int, int]], patch_px: int
) -> np.ndarray:
    patches = np.stack(
        [array[n, y : y + patch_px, x : x + patch_px] for n, y, x in corners]
    )
    if patches.dtype == np.uint8:
        return patches.astype(np.float32) / 255
    return patches
