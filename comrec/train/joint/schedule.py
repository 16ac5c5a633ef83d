"""Trains end to end: RecCNN on files of the real encoder, ComCNN through a proxy."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from comrec.errors import UsageError
from comrec.networks import families, presets
from comrec.train.joint import samples
from comrec.train.joint import step as joint_step
from comrec.train.joint.config import FAMILY, JointConfig, Stage
from comrec.train.joint.step import JointSteps
from comrec.train.run import checkpoint
from comrec.train.run.progress import ProgressListener
from comrec.train.run.run import CHECKPOINT, Batches, Run, Trainable
from comrec.train.run.start import load_preset

Validate = Callable[["JointRun"], dict[str, float]]  # the best has most "gain_db"
CLIP_NORM = 1.0
BEST = "best.npz"


class JointRun(Run):
    """Trains in stages, on one device.

    Args:
      config: of the networks and the training.
      folder: gets the files of every `Run`, and the weights of the epoch with the
        highest score, `best.npz`.
      images: uint8 (H, W, 3) each.
      validate: scores the networks at the end of each epoch.
      resume, listener, pictures: as for every `Run`.

    Raises:
      UsageError: as for every `Run`, or no image is as large as a patch.
      OutputError: the folder cannot be written.
    """

    config: JointConfig
    comcnn: keras.Model | None
    reccnn: keras.Model

    def __init__(
        self,
        config: JointConfig,
        folder: Path,
        images: Sequence[np.ndarray],
        validate: Validate,
        *,
        resume: bool = False,
        listener: ProgressListener | None = None,
        pictures: Mapping[str, int] | None = None,
    ) -> None:
        self.images, self.validate = _keep_large(images, config), validate
        super().__init__(
            config, folder, resume=resume, listener=listener, pictures=pictures
        )

    def get_change(self, scale: float) -> samples.Change | None:
        """Returns ComCNN as a function of images, or None at scales without ComCNN.

        The function maps float32 (B, H, W, 3) to the change of the same shape, which
        is added before the reduction.
        """
        comcnn = self.comcnn
        if comcnn is None or scale not in self.config.compact_scales:
            return None

        def call(images: np.ndarray) -> np.ndarray:
            log_scale = np.full((len(images), 1), np.log2(scale), np.float32)
            change = comcnn.predict_on_batch([images, log_scale])
            return np.asarray(change, np.float32)

        return call

    def _build(self) -> tuple[keras.Model, ...]:
        built = {
            name: families.find(FAMILY).build(name, size)
            for name, size in self.config.sizes.items()
        }
        self.comcnn, self.reccnn = built.get("comcnn"), built["reccnn"]
        return tuple(built.values())

    def _assign(self, state: checkpoint.State) -> None:
        """Sets the networks to a state; a ComCNN that is not in the state is kept."""
        present = {name.rpartition("_")[0] for name in state}
        models = [m for m in self.models if m.name in present or m is self.reccnn]
        checkpoint.assign(models, state)

    def _load_start(self, start: str) -> None:
        folder = Path(start)
        try:
            if folder.is_dir():
                best = folder / BEST
                path = best if best.exists() else folder / CHECKPOINT
                self._assign(checkpoint.load(path))
            else:
                preset = presets.find(start)
                load_preset(self._models_of(preset), preset)
        except ValueError as err:
            raise _build_size_error(start) from err

    def _models_of(self, preset: presets.Preset) -> list[keras.Model]:
        """Returns the networks that a preset has weights for.

        Raises:
          UsageError: the preset is of another family or of another size.
        """
        family = families.find(preset.family)
        if family is not families.find(FAMILY) or not preset.has_networks:
            raise UsageError(
                f"start: {preset.name!r} is no pair of the comrec family. Name one, or "
                f"the folder of an end-to-end run"
            )
        models = [model for model in self.models if model.name in preset.sizes]
        sizes = self.config.sizes
        if any(preset.sizes[m.name] != sizes[m.name] for m in models):
            raise _build_size_error(preset.name)
        return models

    def _build_optimizer(self, phase: Stage) -> keras.Optimizer:
        mean = {"use_ema": True, "ema_momentum": phase.average} if phase.average else {}
        return keras.optimizers.Adam(
            phase.rate(0), beta_2=0.99, clipnorm=CLIP_NORM, **mean
        )

    def _loss(self, image: Any, restored: Any) -> Any:
        return square_error(image, restored)

    def _seed(self, phase: Stage) -> list[int]:
        return [self.config.seed, self.phase, self.epoch]

    def _progress(self, phase: Stage, batch: int) -> float:
        return (self.epoch + batch / self.config.epoch_batches) / phase.epochs

    def _epoch_batches(self) -> int:
        return self.config.epoch_batches

    def _describe(self, phase: Stage) -> str:
        return f"stage {self.phase}, {phase.learns}"

    def _log_columns(self, phase: Stage) -> dict[str, object]:
        return {"learns": phase.learns}

    def _build_step(
        self, phase: Stage
    ) -> tuple[Trainable, Callable[[np.random.Generator], Batches]]:
        self.reccnn.trainable = phase.learns != "comcnn"
        if self.comcnn is None or not phase.is_through_codec:
            return Restoration(self.reccnn), self._draw_reconstruction
        scales = self.config.compact_scales
        step = JointSteps(self.comcnn, self.reccnn, scales)
        changes = {n: change for n in scales if (change := self.get_change(n))}
        return step, lambda rng: joint_step.draw_batches(
            self.images, changes, self.config, rng
        )

    def _draw_reconstruction(self, rng: np.random.Generator) -> Batches:
        changes = {scale: self.get_change(scale) for scale in self.config.scales}
        drawn = samples.draw(self.images, self.config, rng, changes)
        return samples.draw_batches(drawn, self.config, rng)

    def _end_epoch(self, phase: Stage) -> None:
        learnt = checkpoint.collect_weights(self.models)
        self._take_mean()
        self._score()
        checkpoint.assign(self.models, learnt)

    def _end_phase(self, phase: Stage) -> None:
        self._take_mean()

    def _take_mean(self) -> None:
        """Replaces the weights by their running mean, if the stage has one."""
        learner = self.learner
        learner.optimizer.finalize_variable_values(learner.trainable_variables)

    def _score(self) -> None:
        """Writes the scores to the log, and saves the weights if they are the best."""
        before = self.log.rows("validation")
        self._record(event="validation", **self.validate(self))
        row = self.log.rows("validation")[-1]
        # Rows of another validation, from an earlier part of the run, do not compare.
        alike = [_read_gain(old) for old in before if old.keys() == row.keys()]
        best = self.folder / BEST
        if not best.exists() or (alike and _read_gain(row) > max(alike)):
            checkpoint.save(best, checkpoint.collect_weights(self.models))


class Restoration(keras.Model):
    """Maps [enlarged, condition] to restored, trainable in RecCNN alone."""

    def __init__(self, reccnn: keras.Model) -> None:
        # float32: a mixed policy would round the input pixels.
        super().__init__(name="restoration", dtype="float32")
        self.reccnn = reccnn

    def call(self, inputs: Any, training: bool = False) -> Any:
        enlarged, _ = inputs
        return enlarged + self.reccnn(inputs, training=training)


def square_error(image: Any, restored: Any) -> Any:
    """Returns the mean squared error of each patch."""
    error = ops.cast(restored, "float32") - ops.cast(image, "float32")
    return ops.mean(ops.square(error), axis=(1, 2, 3))


def _keep_large(images: Sequence[np.ndarray], config: JointConfig) -> list[np.ndarray]:
    """Returns the images that patches can be cut from.

    Raises:
      UsageError: no image is as large as a patch.
    """
    sides = [
        config.joint_patch_px if stage.is_through_codec else config.patch_px
        for stage in config.stages
    ]
    least_px = max(sides)
    large = [image for image in images if min(image.shape[:2]) >= least_px]
    if not large:
        raise UsageError(
            f"none of the training pictures has {least_px}x{least_px} pixels or more. "
            f"Add larger ones, or make patch_px and joint_patch_px smaller"
        )
    return large


def _read_gain(row: Mapping[str, Any]) -> float:
    gain_db = float(row["gain_db"])
    return -math.inf if math.isnan(gain_db) else gain_db


def _build_size_error(start: str) -> UsageError:
    return UsageError(
        f"start: {start!r} has networks of another size. widths, blocks, "
        f"compact_width and compact_blocks must be those of its training"
    )
