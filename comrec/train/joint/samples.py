"""Pictures as the real encoder writes them, for RecCNN of the comrec family."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from comrec.image import resample
from comrec.image.window import pad_to_multiple
from comrec.jpeg import coding
from comrec.jpeg.colour import RGB_TO_YCBCR, luma
from comrec.jpeg.quantisation import read_tables
from comrec.jpeg.settings import JpegSettings
from comrec.networks.alignment import MCU_PX
from comrec.networks.conditioning import condition
from comrec.train.joint.config import JointConfig

PART_PX = 1024  # side of what is coded of a picture at most
ERROR_FLOOR = 2 / 255**2  # where JPEG loses next to nothing there is nothing to learn
COARSE = 1.3  # above 1, low qualities are drawn more often: more is to gain there

Batch = tuple[tuple[np.ndarray, ...], np.ndarray, np.ndarray]
Change = Callable[[np.ndarray], np.ndarray]  # ComCNN: image to what is added to it


@dataclass(frozen=True)
class Coding:
    """One picture at one scale and quality.

    Attributes:
      image: uint8 (H, W, 3).
      enlarged: float32 (H, W, 3), what RecCNN sees.
      condition: float32 (5,), what it is told.
      grid_px: patches begin at multiples of it.
      error: mean squared error of enlarged, of pixels in [0, 1].
      bytes: of the JPEG.
    """

    image: np.ndarray
    enlarged: np.ndarray
    condition: np.ndarray
    grid_px: int
    error: float
    bytes: int


def settings(table: str) -> JpegSettings:
    """As a preset of the family writes: mozjpeg, trellis, 4:2:0."""
    return JpegSettings("mozjpeg", table, scans="baseline")


def code(
    image: np.ndarray, scale: float, table: str, quality: int, change: Change | None
) -> Coding:
    """Codes an image, uint8 (H, W, 3) or grey (H, W, 1), with the real encoder."""
    grey = image.shape[2] == 1
    whole = image.repeat(3, axis=2) if grey else image
    small = compact(whole[None].astype(np.float32) / 255, scale, change)[0]
    small = (small @ RGB_TO_YCBCR[0])[..., None] if grey else small
    data = coding.encode(to_uint8(small), quality, settings(table))
    coded = coding.decode(data).astype(np.float32) / 255
    coded = coded.repeat(3, axis=2) if grey else coded
    enlarged = resample.enlarge(coded, scale, image.shape[:2])
    told = condition(read_tables(data), scale)
    error = float(np.mean(np.square(enlarged - whole.astype(np.float32) / 255)))
    return Coding(whole, enlarged, told, int(MCU_PX * scale), error, len(data))


def compact(images: np.ndarray, scale: float, change: Change | None) -> np.ndarray:
    """Compact images of a batch, float32 (B, H, W, 3) to (B, h, w, 3)."""
    changed = images
    if change:  # ComCNN takes even sides
        _, height, width, _ = images.shape
        even = np.stack([pad_to_multiple(image, 2) for image in images])
        changed = images + change(even)[:, :height, :width]
    return np.stack([resample.reduce(image, scale) for image in changed])


def to_uint8(pixels: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)


def draw(
    pictures: Sequence[np.ndarray],
    config: JointConfig,
    rng: np.random.Generator,
    changes: Mapping[float, Change | None],
) -> list[Coding]:
    """So many codings as an epoch has, of pictures drawn by their size."""
    areas = np.array([picture.size for picture in pictures], float)
    chosen = rng.choice(len(pictures), size=config.codings, p=areas / areas.sum())
    return [_draw_one(pictures[i], config, rng, changes) for i in chosen]


def _draw_one(
    picture: np.ndarray,
    config: JointConfig,
    rng: np.random.Generator,
    changes: Mapping[float, Change | None],
) -> Coding:
    at = rng.choice(len(config.scales), p=config.scale_shares)
    scale, (low, high) = config.scales[at], config.qualities[at]
    table = str(rng.choice(config.tables, p=config.table_shares))
    quality = round(low + (high - low) * rng.random() ** COARSE)
    image = luma(picture) if rng.random() < config.grey_share else picture
    image = _part(image, rng)
    return code(image, scale, table, quality, changes.get(scale))


def _part(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Some of a large picture: an epoch holds all its codings."""
    if max(picture.shape[:2]) <= PART_PX:
        return picture
    y, x = (int(rng.integers(max(n - PART_PX, 0) + 1)) for n in picture.shape[:2])
    return np.ascontiguousarray(picture[y : y + PART_PX, x : x + PART_PX])


def batches(
    codings: Sequence[Coding], config: JointConfig, rng: np.random.Generator
) -> Iterator[Batch]:
    """An epoch for RecCNN, of patches turned at random.

    A patch weighs 1 / the squared error of the whole picture it is from: so the loss
    is the share of the error that is left, and its logarithm what PSNR gains.

    Yields:
      (enlarged, condition), image, weights: float32 (batch, patch_px, patch_px, 3) on
      [0, 1], (batch, 5), as the first, (batch,).
    """
    side, count = config.patch_px, config.batch
    for _ in range(config.epoch_batches):
        enlarged = np.empty((count, side, side, 3), np.float32)
        image, told, errors = np.empty_like(enlarged), [], []
        for i, chosen in enumerate(rng.integers(len(codings), size=count)):
            coding = codings[chosen]
            y, x = corner(coding.image, coding.grid_px, side, rng)
            place = slice(y, y + side), slice(x, x + side)
            which = int(rng.integers(8))
            enlarged[i] = turn(coding.enlarged[place], which)
            image[i] = turn(coding.image[place], which).astype(np.float32) / 255
            told.append(coding.condition)
            errors.append(coding.error)
        weights = 1 / (np.array(errors, np.float32) + ERROR_FLOOR)
        yield (enlarged, np.stack(told)), image, weights


def corner(
    image: np.ndarray, grid_px: int, side: int, rng: np.random.Generator
) -> tuple[int, int]:
    """A place for a patch on the grid of the JPEG's blocks."""
    y, x = (
        int(rng.integers((n - side) // grid_px + 1)) * grid_px for n in image.shape[:2]
    )
    return y, x


def turn(patch: np.ndarray, which: int) -> np.ndarray:
    """One of the 8 flips and rotations, under which JPEG's blocks stay blocks."""
    patch = np.rot90(patch, which % 4)
    return patch[::-1] if which >= 4 else patch
