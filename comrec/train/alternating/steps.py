"""Draws the batches of an epoch, for each step of the alternating scheme.

All processes of a run draw the same batches; each process yields its share of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from comrec.image import resample
from comrec.networks.models import resampling
from comrec.networks.models.jiang2017 import SCALE
from comrec.train.alternating.compact import CompactStep
from comrec.train.alternating.config import TrainConfig
from comrec.train.alternating.data import code_and_enlarge, cut_patches, turn

Batch = tuple[object, np.ndarray]  # inputs, and the target
Reduce = Callable[[np.ndarray], np.ndarray]
Share = Callable[[np.ndarray], np.ndarray]  # see Parallel.take_share


def choose_reduction(comcnn: Reduce, config: TrainConfig) -> Reduce:
    """Returns the function that makes compact images of a batch: ComCNN or bicubic."""
    if config.reduction == "comcnn":
        return comcnn
    return lambda images: np.stack([resample.reduce(x, SCALE) for x in images])


def draw_warmup(
    crops: np.ndarray, config: TrainConfig, rng: np.random.Generator, share: Share
) -> Iterator[Batch]:
    """Yields (image, reduced image), from which ComCNN learns bicubic reduction."""
    matrix = resampling.bicubic_matrix(config.patch_px, config.patch_px // SCALE)
    for (image,) in _draw_epoch(lambda: (turn(crops, rng),), config, rng, share):
        yield image, np.einsum("hH,bHWc,wW->bhwc", matrix, image, matrix)


def draw_compact(
    crops: np.ndarray,
    config: TrainConfig,
    rng: np.random.Generator,
    share: Share,
    step: CompactStep,
) -> Iterator[Batch]:
    """Yields ((image, codec error), image), from which ComCNN learns."""
    step.calibrate(crops)
    for (image,) in _draw_epoch(lambda: (turn(crops, rng),), config, rng, share):
        yield (image, step.measure_codec_error(image)), image


def draw_reconstruction(
    crops: np.ndarray,
    config: TrainConfig,
    rng: np.random.Generator,
    share: Share,
    reduce: Reduce,
) -> Iterator[Batch]:
    """Yields (enlarged, residual), from which RecCNN learns, coded by real JPEG."""

    def draw() -> tuple[np.ndarray, ...]:
        image = turn(crops, rng)
        return code_and_enlarge(reduce, image, config.compact_quality, SCALE), image

    for enlarged, image in _draw_epoch(draw, config, rng, share):
        yield enlarged, image - enlarged


def _draw_epoch(
    draw: Callable[[], tuple[np.ndarray, ...]],
    config: TrainConfig,
    rng: np.random.Generator,
    share: Share,
) -> Iterator[tuple[np.ndarray, ...]]:
    """Yields batches, from pictures turned anew until the epoch has its patches."""
    left = config.epoch_patches // config.batch
    while left > 0:
        before = left
        for batch in cut_patches(draw(), config, rng):
            yield tuple(map(share, batch))
            left -= 1
            if left == 0:
                return
        if left == before:  # the pictures make no batch
            return
