"""Codes pictures with the real encoder, and draws patches of them for RecCNN."""

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
from comrec.networks import conditioning
from comrec.networks.alignment import MCU_PX
from comrec.train.joint.config import JointConfig

EXCERPT_PX = 1024  # largest side of the excerpt that is coded of a picture
ERROR_FLOOR = 2 / 255**2  # limits the weight of patches that JPEG hardly changes
COARSE = 1.3  # above 1, low qualities are drawn more often, where the gain is larger

Batch = tuple[tuple[np.ndarray, ...], np.ndarray, np.ndarray]
Change = Callable[[np.ndarray], np.ndarray]  # from images to the output of ComCNN


@dataclass(frozen=True)
class Coding:
    """Holds one picture, coded at one scale and quality.

    Attributes:
      image: uint8 (H, W, 3).
      enlarged: float32 (H, W, 3), the input of RecCNN, pixels about [0, 1].
      condition: float32 (5,), see `comrec.networks.conditioning`.
      grid_px: grid on which patches begin.
      error: mean squared error of enlarged, of pixels in [0, 1].
      bytes: size of the JPEG.
    """

    image: np.ndarray
    enlarged: np.ndarray
    condition: np.ndarray
    grid_px: int
    error: float
    bytes: int


def build_settings(table: str) -> JpegSettings:
    """Returns the settings of the family's presets: mozjpeg, trellis, 4:2:0."""
    return JpegSettings("mozjpeg", table, scans="baseline")


def code(
    image: np.ndarray, scale: float, table: str, quality: int, change: Change | None
) -> Coding:
    """Codes an image with the real encoder.

    Args:
      image: uint8 (H, W, 3), or grey (H, W, 1).
      scale: linear size ratio image : compact.
      table: name of mozjpeg's quantisation tables.
      quality: of the JPEG, 1 to 100.
      change: ComCNN; None for the plain reduction.
    """
    grey = image.shape[2] == 1
    whole = image.repeat(3, axis=2) if grey else image
    small = reduce(whole[None].astype(np.float32) / 255, scale, change)[0]
    small = (small @ RGB_TO_YCBCR[0])[..., None] if grey else small
    data = coding.encode(to_uint8(small), quality, build_settings(table))
    coded = coding.decode(data).astype(np.float32) / 255
    coded = coded.repeat(3, axis=2) if grey else coded
    enlarged = resample.enlarge(coded, scale, image.shape[:2])
    condition = conditioning.condition(read_tables(data), scale)
    error = float(np.mean(np.square(enlarged - whole.astype(np.float32) / 255)))
    return Coding(whole, enlarged, condition, int(MCU_PX * scale), error, len(data))


def reduce(images: np.ndarray, scale: float, change: Change | None) -> np.ndarray:
    """Makes the compact images of a batch.

    Args:
      images: float32 (B, H, W, 3), pixels in [0, 1].
      scale: linear size ratio image : compact.
      change: ComCNN; None for the plain reduction.

    Returns:
      float32 (B, h, w, 3), not clipped.
    """
    changed = images
    if change:  # ComCNN takes even sides
        _, height, width, _ = images.shape
        even = np.stack([pad_to_multiple(image, 2) for image in images])
        changed = images + change(even)[:, :height, :width]
    return np.stack([resample.reduce(image, scale) for image in changed])


def to_uint8(pixels: np.ndarray) -> np.ndarray:
    """Clips and rounds float pixels in [0, 1] to uint8."""
    return np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)


def draw(
    pictures: Sequence[np.ndarray],
    config: JointConfig,
    rng: np.random.Generator,
    changes: Mapping[float, Change | None],
) -> list[Coding]:
    """Draws and codes the pictures of an epoch, large pictures more often.

    Args:
      pictures: uint8 (H, W, 3) each.
      config: of the run.
      rng: source of the draws.
      changes: ComCNN for each scale that it is for.
    """
    areas = np.array([picture.size for picture in pictures], float)
    chosen = rng.choice(len(pictures), size=config.codings, p=areas / areas.sum())
    return [_draw_one(pictures[i], config, rng, changes) for i in chosen]


def _draw_one(
    picture: np.ndarray,
    config: JointConfig,
    rng: np.random.Generator,
    changes: Mapping[float, Change | None],
) -> Coding:
    index = rng.choice(len(config.scales), p=config.scale_shares)
    scale, (low, high) = config.scales[index], config.qualities[index]
    table = str(rng.choice(config.tables, p=config.table_shares))
    quality = round(low + (high - low) * rng.random() ** COARSE)
    image = luma(picture) if rng.random() < config.grey_share else picture
    image = _cut_excerpt(image, rng)
    return code(image, scale, table, quality, changes.get(scale))


def _cut_excerpt(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Cuts an excerpt of a large picture, since an epoch holds all its codings."""
    if max(picture.shape[:2]) <= EXCERPT_PX:
        return picture
    y, x = (int(rng.integers(max(n - EXCERPT_PX, 0) + 1)) for n in picture.shape[:2])
    return np.ascontiguousarray(picture[y : y + EXCERPT_PX, x : x + EXCERPT_PX])


def draw_batches(
    codings: Sequence[Coding], config: JointConfig, rng: np.random.Generator
) -> Iterator[Batch]:
    """Yields an epoch of batches for RecCNN, of patches turned at random.

    The weight of a patch is 1 / the squared error of its whole picture. So the loss is
    the share of the error that remains, and its logarithm is the gain in PSNR.

    Yields:
      (enlarged, condition), image, weights. enlarged and image: float32
      (batch, patch_px, patch_px, 3), pixels in [0, 1]. condition: float32 (batch, 5).
      weights: float32 (batch,).
    """
    side, count = config.patch_px, config.batch
    for _ in range(config.epoch_batches):
        enlarged = np.empty((count, side, side, 3), np.float32)
        image, conditions, errors = np.empty_like(enlarged), [], []
        for i, chosen in enumerate(rng.integers(len(codings), size=count)):
            coding = codings[chosen]
            y, x = draw_corner(coding.image, coding.grid_px, side, rng)
            place = slice(y, y + side), slice(x, x + side)
            which = int(rng.integers(8))
            enlarged[i] = turn(coding.enlarged[place], which)
            image[i] = turn(coding.image[place], which).astype(np.float32) / 255
            conditions.append(coding.condition)
            errors.append(coding.error)
        weights = 1 / (np.array(errors, np.float32) + ERROR_FLOOR)
        yield (enlarged, np.stack(conditions)), image, weights


def draw_corner(
    image: np.ndarray, grid_px: int, side: int, rng: np.random.Generator
) -> tuple[int, int]:
    """Draws the top left corner (y, x) of a patch, on the grid of the JPEG."""
    y, x = (
        int(rng.integers((n - side) // grid_px + 1)) * grid_px for n in image.shape[:2]
    )
    return y, x


def turn(patch: np.ndarray, which: int) -> np.ndarray:
    """Turns a patch by one of the 8 flips and rotations, numbered from 0.

    The blocks of a JPEG stay blocks.
    """
    patch = np.rot90(patch, which % 4)
    return patch[::-1] if which >= 4 else patch
