"""What each step of the scheme is fed: one epoch of batches.

All processes of a run draw the same batches; each goes on with its `share` of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from comrec.image import resample
from comrec.networks.models import resampling
from comrec.networks.models.jiang2017 import SCALE
from comrec.train.alternating.compact import CompactStep
from comrec.train.alternating.config import TrainConfig
from comrec.train.alternating.data import coded_pairs, patches, turned

Batch = tuple[object, np.ndarray]  # what goes in, and what should come out
Run = Callable[[np.ndarray], np.ndarray]
Share = Callable[[np.ndarray], np.ndarray]


def reduction(comcnn: Run, config: TrainConfig) -> Run:
    """What makes compact images of a batch of pictures: ComCNN, or bicubic."""
    if config.reduction == "comcnn":
        return comcnn
    return lambda images: np.stack([resample.reduce(x, SCALE) for x in images])


def warmup(
    crops: np.ndarray, config: TrainConfig, rng: np.random.Generator, share: Share
) -> Iterator[Batch]:
    """(image, reduced): ComCNN learns the plain reduction."""
    matrix = resampling.bicubic_matrix(config.patch_px, config.patch_px // SCALE)
    for (image,) in _epoch(lambda: (turned(crops, rng),), config, rng, share):
        yield image, np.einsum("hH,bHWc,wW->bhwc", matrix, image, matrix)


def compact(
    crops: np.ndarray,
    config: TrainConfig,
    rng: np.random.Generator,
    share: Share,
    step: CompactStep,
) -> Iterator[Batch]:
    """((image, codec error), image): RecCNN stands still."""
    step.calibrate(crops)
    for (image,) in _epoch(lambda: (turned(crops, rng),), config, rng, share):
        yield (image, step.codec_error(image)), image


def reconstruction(
    crops: np.ndarray,
    config: TrainConfig,
    rng: np.random.Generator,
    share: Share,
    comcnn: Run,
) -> Iterator[Batch]:
    """(enlarged, residual): ComCNN stands still, the JPEG is a real one."""

    def coded() -> tuple[np.ndarray, ...]:
        image = turned(crops, rng)
        return coded_pairs(comcnn, image, config.compact_quality, SCALE), image

    for enlarged, image in _epoch(coded, config, rng, share):
        yield enlarged, image - enlarged


def _epoch(
    draw: Callable[[], tuple[np.ndarray, ...]],
    config: TrainConfig,
    rng: np.random.Generator,
    share: Share,
) -> Iterator[tuple[np.ndarray, ...]]:
    """Batches from pictures turned anew until the epoch has its patches."""
    left = config.epoch_patches // config.batch
    while left > 0:
        before = left
        for batch in patches(draw(), config, rng):
            yield tuple(map(share, batch))
            left -= 1
            if left == 0:
                return
        if left == before:  # not one batch in all the pictures
            return
