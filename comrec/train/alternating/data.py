"""Turns folders of pictures into patches for both steps of the alternating scheme."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from comrec.errors import ImageError, UsageError, naming_errors
from comrec.format import names, sorting
from comrec.image import reader, resample
from comrec.jpeg import coding
from comrec.jpeg.colour import luma
from comrec.jpeg.settings import JpegSettings
from comrec.train.alternating.config import TrainConfig

# Huffman tables and scans do not change the decoded pixels; these are the fastest.
FAST = JpegSettings(huffman="standard", scans="baseline")


Pictures = Path | Sequence[Path]  # a folder, or the paths of pictures


def load_crops(pictures: Pictures, crop_px: int, channels: int) -> np.ndarray:
    """Reads pictures and cuts each into squares that do not overlap.

    Args:
      pictures: a folder, or paths.
      crop_px: side of a square.
      channels: 1, luma, or 3, RGB.

    Returns:
      uint8 (N, crop_px, crop_px, channels); grey is BT.601 full range.

    Raises:
      UsageError: the folder cannot be read, or no picture is as large as a square.
      ImageError: a picture in the folder cannot be read.
    """
    crops = []
    paths = list_pictures(pictures) if isinstance(pictures, Path) else pictures
    for path in paths:
        pixels = load_picture(path, channels)
        rows, columns = (side // crop_px for side in pixels.shape[:2])
        for y in range(0, rows * crop_px, crop_px):
            for x in range(0, columns * crop_px, crop_px):
                crops.append(pixels[y : y + crop_px, x : x + crop_px])
    if not crops:
        raise UsageError(
            f"{pictures if isinstance(pictures, Path) else paths[0].parent}: none of "
            f"the pictures has {crop_px}x{crop_px} pixels or more. Name other ones, or "
            f"make crop_px smaller"
        )
    return np.stack(crops)


def load_validation(
    pictures: Pictures, channels: int, every: int = 1, side_px: int = 256
) -> dict[str, np.ndarray]:
    """Reads the top left corners of pictures.

    Args:
      pictures: a folder, or paths.
      channels: 1, luma, or 3, RGB.
      every: n, to read every n-th of them.
      side_px: largest side of a corner.

    Returns:
      uint8 (H, W, channels) by file name.

    Raises:
      UsageError: the folder cannot be read or is empty.
      ImageError: a picture cannot be read.
    """
    paths = list_pictures(pictures) if isinstance(pictures, Path) else pictures
    return {  # copies, so that the rest of a large picture is freed
        path.name: load_picture(path, channels)[:side_px, :side_px].copy()
        for path in paths[::every]
    }


def list_pictures(folder: Path) -> list[Path]:
    """Lists the pictures directly in a folder, sorted by name; or a picture alone.

    Raises:
      UsageError: the folder cannot be read, or holds no picture.
    """
    if folder.is_file():
        return [folder]
    try:
        found = sorting.list_pictures(folder)
    except OSError as err:
        raise UsageError(
            f"{folder}: not a folder of pictures that can be read ({err.strerror})"
        ) from err
    if not found:
        legal = ", ".join(names.PICTURES)
        raise UsageError(f"{folder}: no picture in it. Legal: {legal}")
    return found


def load_picture(path: Path, channels: int) -> np.ndarray:
    """Reads a picture as the codec does.

    Args:
      path: of the picture.
      channels: 1, luma, or 3, RGB.

    Returns:
      uint8 (H, W, channels).

    Raises:
      ImageError: the file cannot be read, is damaged, or is no picture.
    """
    with naming_errors(str(path)):
        try:
            pixels = reader.read(path.read_bytes()).pixels
        except OSError as err:
            raise ImageError(f"cannot be read ({err.strerror})") from err
    if channels == 1:
        return luma(pixels)
    return pixels if pixels.shape[2] == 3 else pixels.repeat(3, axis=2)


def turn(crops: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Turns each square by one of its 8 flips and rotations, drawn at random.

    Args:
      crops: (N, H, H, C).
      rng: source of the draws.
    """
    out = np.empty_like(crops)
    for i, (crop, which) in enumerate(
        zip(crops, rng.integers(8, size=len(crops)), strict=True)
    ):
        crop = np.rot90(crop, which % 4)
        out[i] = crop[::-1] if which >= 4 else crop
    return out


def code_and_enlarge(
    comcnn: Callable[[np.ndarray], np.ndarray],
    crops: np.ndarray,
    quality: int,
    scale: int,
) -> np.ndarray:
    """Makes the inputs of RecCNN: reduces crops, codes them as JPEG, enlarges them.

    Args:
      comcnn: from float32 (B, H, W, C) in [0, 1] to (B, h, w, C).
      crops: uint8 (N, H, W, C).
      quality: of the JPEG, 1 to 100.
      scale: linear size ratio image : compact.

    Returns:
      float32 (N, H, W, C), pixels on the scale [0, 1], not clipped.
    """
    enlarged = np.empty(crops.shape, np.float32)
    for start in range(0, len(crops), 16):
        image = crops[start : start + 16].astype(np.float32) / 255
        for i, compact in enumerate(np.asarray(comcnn(image), np.float32)):
            coded = code(compact, quality)
            enlarged[start + i] = resample.enlarge(coded, scale, crops.shape[1:3])
    return enlarged


def code(compact: np.ndarray, quality: int) -> np.ndarray:
    """Rounds a compact image to 8 bits, codes it as JPEG, and decodes it.

    Args:
      compact: float32 (h, w, C), pixels about [0, 1].
      quality: 1 to 100.

    Returns:
      float32 (h, w, C), pixels in [0, 1].
    """
    pixels = np.rint(np.clip(compact, 0, 1) * 255).astype(np.uint8)
    coded = coding.decode(coding.encode(pixels, quality, FAST))
    return coded.astype(np.float32) / 255


def cut_patches(
    arrays: tuple[np.ndarray, ...], config: TrainConfig, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, ...]]:
    """Cuts aligned crops into patches on a grid with a random origin, shuffled.

    Args:
      arrays: float32 or uint8 (N, H, H, C) each, aligned with each other.
      config: its `patch_px`, `stride_px` and `batch`; an incomplete last batch is
        dropped.
      rng: source of the origin and the order.

    Yields:
      One float32 (batch, patch_px, patch_px, C) per array; uint8 pixels become [0, 1].
    """
    count, side = arrays[0].shape[:2]
    reach, size = side - config.patch_px, config.batch
    # An even origin keeps patches on the sampling grid of a halving ComCNN.
    y0, x0 = rng.integers(reach % config.stride_px // 2 + 1, size=2) * 2
    corners = np.stack(
        np.meshgrid(
            np.arange(count),
            np.arange(y0, reach + 1, config.stride_px),
            np.arange(x0, reach + 1, config.stride_px),
        ),
        axis=-1,
    ).reshape(-1, 3)
    rng.shuffle(corners)
    for start in range(0, len(corners) - size + 1, size):
        chosen = corners[start : start + size]
        yield tuple(_gather(array, chosen, config.patch_px) for array in arrays)


def _gather(array: np.ndarray, corners: np.ndarray, patch_px: int) -> np.ndarray:
    cut = np.stack(
        [array[n, y : y + patch_px, x : x + patch_px] for n, y, x in corners]
    )
    return cut.astype(np.float32) / 255 if cut.dtype == np.uint8 else cut
