"""Defines the step through the codec, in which ComCNN learns, alone or with RecCNN.

The forward pass uses the real JPEG, and the backward pass the differentiable JPEG. The
loss of a patch is, in bits per pixel of the image,

    R + D / price,    price = bit_price * (scale * step)^2

D is the squared error of the restored patch in grey levels. R is the rate of the
compact patch: log-magnitudes, calibrated to real bytes in every batch. `price` is the
slope of D over R for a codec with uniform steps, so no quality dominates the loss. At
coarser steps, more coefficients become zero and a magnitude takes fewer bits: at most
2.4, and 0.8 at steps of 133. So the calibration depends on the step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import keras
import numpy as np
from keras import ops

from comrec.jpeg import coding
from comrec.jpeg.settings import JpegSettings
from comrec.networks.conditioning import condition
from comrec.networks.models import jpeg_proxy, resampling
from comrec.networks.models.jpeg_proxy import DEAD_ZONE
from comrec.train.joint import samples
from comrec.train.joint.config import JointConfig

DECAY = 0.9  # of the running sums behind bits per magnitude, at each batch
OCTAVES = 9  # of quantiser steps, 1 to 256


class JointStep(keras.Model):
    """Maps (image, coded, steps, condition, bits per magnitude) to restored.

    Args:
      comcnn, reccnn: networks of the comrec family; only trainable ones learn.
      scale: linear size ratio image : compact.
    """

    def __init__(self, comcnn: keras.Model, reccnn: keras.Model, scale: float) -> None:
        # float32: a mixed policy would round the input pixels.
        super().__init__(name="joint_step", dtype="float32")
        self.comcnn, self.reccnn, self.scale = comcnn, reccnn, scale

    def call(self, inputs: Any, training: bool = False) -> Any:
        image, coded, steps, condition, bits = inputs
        log_scale = ops.zeros_like(image[:, 0, 0, :1]) + np.float32(np.log2(self.scale))
        changed = image + self.comcnn([image, log_scale], training=training)
        compact = resampling.reduce_op(changed, self.scale)
        proxy, magnitudes = jpeg_proxy.through(
            compact, steps, dead_zone=DEAD_ZONE, gradient="soft"
        )
        pixels = image.shape[1] * image.shape[2]
        self.add_loss(ops.mean(magnitudes * bits) / pixels)
        coded = proxy + ops.stop_gradient(coded - proxy)
        enlarged = resampling.enlarge_op(coded, self.scale)
        return enlarged + self.reccnn([enlarged, condition], training=training)


class JointSteps:
    """Trains a step for each scale as one model, by one optimiser.

    Each scale has its own model: TensorFlow would trace a single model for any size,
    and the matrices of the resampling need a known size.
    """

    def __init__(
        self, comcnn: keras.Model, reccnn: keras.Model, scales: Iterable[float]
    ) -> None:
        self._steps = {scale: JointStep(comcnn, reccnn, scale) for scale in scales}
        (self._any, *_) = self._steps.values()

    @property
    def trainable_variables(self) -> list[Any]:
        """Returns the variables of the networks, which all steps share."""
        return self._any.trainable_variables

    @property
    def optimizer(self) -> keras.Optimizer:
        """Returns the optimiser, which all steps share."""
        return self._any.optimizer

    def compile(self, optimizer: keras.Optimizer, **options: Any) -> None:
        """Compiles every step with one optimiser."""
        for step in self._steps.values():
            step.compile(optimizer, **options)

    def train_on_batch(self, inputs: Any, target: Any, weights: Any) -> Any:
        """Trains on one batch of `draw_batches`, whose patches have one scale."""
        image, coded, *_ = inputs
        step = self._steps[image.shape[1] / coded.shape[1]]
        return step.train_on_batch(inputs, target, weights)


def draw_batches(
    pictures: Sequence[np.ndarray],
    changes: Mapping[float, samples.Change],
    config: JointConfig,
    rng: np.random.Generator,
) -> Iterator[samples.Batch]:
    """Yields an epoch of batches for the steps.

    Args:
      pictures: uint8 (H, W, 3) each, no smaller than a patch.
      changes: ComCNN for each scale that a batch may have.
      config: of the run.
      rng: source of the draws.

    Yields:
      The inputs of a `JointStep`, the image, and the weight of each patch's error.
    """
    scales = list(changes)
    shares = np.array([config.scale_shares[config.scales.index(n)] for n in scales])
    calibrations = {scale: Calibration() for scale in scales}
    for _ in range(config.epoch_batches):
        scale = scales[0]
        if len(scales) > 1:
            scale = scales[rng.choice(len(scales), p=shares / shares.sum())]
        yield _draw_batch(
            pictures, scale, changes[scale], calibrations[scale], config, rng
        )


def _draw_batch(
    pictures: Sequence[np.ndarray],
    scale: float,
    change: samples.Change,
    calibration: Calibration,
    config: JointConfig,
    rng: np.random.Generator,
) -> samples.Batch:
    areas = np.array([picture.size for picture in pictures], float)
    count, side = config.joint_batch, config.joint_patch_px
    chosen = rng.choice(len(pictures), size=count, p=areas / areas.sum())
    image = np.stack([_cut_patch(pictures[i], side, rng) for i in chosen])
    low, high = config.qualities[config.scales.index(scale)]
    drawn = low + (high - low) * rng.random(count) ** samples.COARSE
    qualities = [round(quality) for quality in drawn]
    settings = samples.build_settings(config.tables[0])
    compact = samples.reduce(image, scale, change)
    files = [
        coding.encode(samples.to_uint8(c), quality, settings)
        for c, quality in zip(compact, qualities, strict=True)
    ]
    coded = np.stack([coding.decode(file) for file in files]).astype(np.float32) / 255
    tables = np.stack([jpeg_proxy.steps_at(q, settings) for q in qualities])
    conditions = np.stack([condition(table, scale) for table in tables])
    coarse = tables[:, 0].mean((1, 2))
    bits = [
        8 * (len(file) - _empty_bytes(c.shape, quality, settings))
        for file, c, quality in zip(files, compact, qualities, strict=True)
    ]
    counted = jpeg_proxy.magnitudes(
        ops.convert_to_tensor(compact), ops.convert_to_tensor(tables)
    )
    factor = calibration.update(coarse, np.array(bits), ops.convert_to_numpy(counted))
    price = config.bit_price * (scale * coarse / 255) ** 2
    inputs = (image, coded, tables, conditions, factor)
    return inputs, image, (1 / price).astype(np.float32)


class Calibration:
    """Measures bits per magnitude over the last batches, by octave of the steps."""

    def __init__(self) -> None:
        self._bits, self._counted = np.zeros(OCTAVES), np.zeros(OCTAVES)

    def update(
        self, steps: np.ndarray, bits: np.ndarray, counted: np.ndarray
    ) -> np.ndarray:
        """Adds a batch, and returns the bits per magnitude of its patches.

        Args:
          steps: mean quantiser step of each patch, (B,).
          bits: of each real JPEG, (B,).
          counted: magnitudes of each patch, (B,).

        Returns:
          float32 (B,).
        """
        octaves = np.rint(np.log2(steps)).astype(int)
        seen = np.unique(octaves)
        for sums, new in ((self._bits, bits), (self._counted, counted)):
            sums[seen] *= DECAY
            np.add.at(sums, octaves, new)
        return (self._bits / np.maximum(self._counted, 1))[octaves].astype(np.float32)


@lru_cache(maxsize=512)
def _empty_bytes(
    shape: tuple[int, int, int], quality: int, settings: JpegSettings
) -> int:
    return len(coding.encode(np.full(shape, 128, np.uint8), quality, settings))


def _cut_patch(picture: np.ndarray, side: int, rng: np.random.Generator) -> np.ndarray:
    y, x = samples.draw_corner(picture, 2, side, rng)
    patch = samples.turn(picture[y : y + side, x : x + side], int(rng.integers(8)))
    return patch.astype(np.float32) / 255
