"""A tiny alternating run, its pictures, and what stops it, for the tests."""

from __future__ import annotations

import keras
import numpy as np

from comrec.train.alternating.config import Round, TrainConfig
from comrec.train.alternating.schedule import AlternatingRun
from comrec.train.run.config import LearningRate
from comrec.train.run.progress import ProgressListener

TINY = TrainConfig(
    rounds=(
        Round((), (LearningRate(2, 1e-3, 1e-4),)),
        Round((LearningRate(2, 1e-3, 1e-4),), (LearningRate(1, 1e-4, 1e-4),)),
    ),
    width=4,
    depth=3,
    crop_px=48,
    patch_px=16,
    stride_px=8,
    epoch_patches=40,
    batch=8,
    warmup_epochs=2,
    precision="float32",
)


FOREVER = 10**9


def draw_crops() -> np.ndarray:
    rng = np.random.default_rng(7)
    y, x = np.mgrid[:48, :48]
    waves = [np.sin(x / a + y / b) for a, b in rng.uniform(2, 9, (6, 2))]
    return (np.stack(waves)[..., None] * 100 + 128).astype(np.uint8)


def better(comcnn: keras.Model, reccnn: keras.Model, number: int) -> dict[str, float]:
    """Every round is a decibel better."""
    return {"psnr_db": float(number)}


def weights(run: AlternatingRun) -> list[np.ndarray]:
    return [w for model in run.models for w in model.get_weights()]


def places(run: AlternatingRun) -> list[tuple[int, int]]:
    return [(row["phase"], row["epoch"]) for row in run.log.rows("epoch")]


class StopsAt(ProgressListener):
    """As a kill would, in the middle of an epoch."""

    def __init__(self, batch: int) -> None:
        self.left = batch

    def on_batch(self, phase, done, total, loss):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt
