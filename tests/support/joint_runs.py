"""A tiny end-to-end run, its pictures, and what stops it, for the tests."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from comrec.networks.codec import Codec
from comrec.networks.models.pyramid import multiple, reach_px
from comrec.train.alternating.validate import build_codec
from comrec.train.joint import samples
from comrec.train.joint.config import JointConfig, Stage
from comrec.train.joint.schedule import JointRun
from comrec.train.run import checkpoint
from comrec.train.run.progress import ProgressListener

STAGES = tuple(
    Stage(learns=learns, epochs=epochs, rate_start=1e-3, rate_end=1e-4)
    for learns, epochs in (("reccnn", 2), ("comcnn", 2), ("both", 1))
)


TINY = JointConfig(
    "tiny", STAGES, widths=(4,), blocks=(1,), compact_width=4, compact_blocks=1,
    codings=3, epoch_batches=3, batch=2, patch_px=32, joint_batch=2, joint_patch_px=64,
    precision="float32",
)  # fmt: skip


def waves(height: int, width: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    colours = [np.sin(x / a + y / b) for a, b in rng.uniform(2, 9, (3, 2))]
    noise = rng.normal(0, 8, (height, width, 3))
    return np.clip(np.stack(colours, -1) * 90 + 128 + noise, 0, 255).astype(np.uint8)


def draw_images() -> list[np.ndarray]:
    return [waves(96, 128, 1), waves(70, 101, 2), waves(40, 300, 3)]


def weights(run: JointRun) -> dict[str, np.ndarray]:
    return {k: v.copy() for k, v in checkpoint.collect_weights(run.models).items()}


def later_is_better(run: JointRun) -> dict[str, float]:
    gain_db = run.phase + run.epoch / 10
    return {"gain_db": gain_db, "gain_db_1_0.25": gain_db}


class Keeps(ProgressListener):
    """The weights at the end of each epoch."""

    def __init__(self) -> None:
        self.seen: list[dict[str, np.ndarray]] = []

    def on_row(self, row):
        if row["event"] in ("start", "epoch"):
            self.seen.append(weights(self.run))


class StopsAt(ProgressListener):
    """As a kill would, in the middle of an epoch."""

    def __init__(self, batch: int) -> None:
        self.batch_ = batch

    def on_batch(self, phase, done, total, loss):
        assert total == 15
        if done == self.batch_:
            raise KeyboardInterrupt


def codec(run: JointRun, scale: float) -> Codec:
    """The one that a preset with those networks would have."""
    preset = replace(
        build_codec(None, None, 3, 50).preset,
        family="comrec", scales=(1, 1.5, 2), compact_scales=(1, 1.5, 2),
        jpeg=samples.build_settings("flat"), sizes=TINY.sizes,
        multiple_px=multiple(TINY.widths),
        reach_px={"comcnn": reach_px((1,)), "reccnn": reach_px(TINY.blocks)},
    )  # fmt: skip
    networks = {
        model.name: lambda *x, m=model: np.asarray(m.predict_on_batch(list(x)))
        for model in run.models
    }
    return Codec(preset, scale, networks=networks)
