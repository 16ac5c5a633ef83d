"""The commands that train, and a config for each that takes seconds."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from PIL import Image

from comrec.train.alternating.config import Round, TrainConfig
from comrec.train.joint.config import JointConfig, Stage
from comrec.train.run.config import LearningRate

ROOT = Path(__file__).parents[2]
ALTERNATING = [sys.executable, "-m", "comrec", "train", "alternating"]
JOINT = [sys.executable, "-m", "comrec", "train", "joint"]
STRETCH = LearningRate(3, 1e-3, 1e-4)
TINY = replace(
    TrainConfig().quick(),
    rounds=(Round((), (STRETCH,)), Round((STRETCH,), (STRETCH,))),
    estimator="ste",
    rate_weight=1e-3,
    gain_min_db=-100.0,
)

SIDE_PX = 192  # TINY takes no smaller pictures


def crops(folder: Path, row: int = 0, side_px: int = SIDE_PX, count: int = 2) -> Path:
    """Makes a folder of small pictures, other ones for each row: to train fast."""
    folder.mkdir(exist_ok=True)
    with Image.open(ROOT / "examples" / "astronaut.png") as astronaut:
        for x in range(0, count * side_px, side_px):
            top = row * side_px
            part = astronaut.crop((x, top, x + side_px, top + side_px))
            part.save(folder / f"{row}-{x}.png")
    return folder


TINY_JOINT = replace(
    JointConfig.load(ROOT / "experiments" / "configs" / "comrec-base.json").quick(),
    stages=tuple(
        Stage(learns=learns, epochs=epochs, rate_start=1e-3, rate_end=1e-4)
        for learns, epochs in (("reccnn", 2), ("comcnn", 1), ("both", 1))
    ),
)
