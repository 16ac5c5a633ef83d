"""The training scripts, and a config for each that takes seconds."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from comrec.train.config import Round, Stretch, TrainConfig
from comrec.train.joint_config import JointConfig, Stage

ROOT = Path(__file__).parents[1]
SCRIPT = [sys.executable, str(ROOT / "experiments" / "train_alternating.py")]
STRETCH = Stretch(3, 1e-3, 1e-4)
TINY = replace(
    TrainConfig().quick(),
    rounds=(Round((), (STRETCH,)), Round((STRETCH,), (STRETCH,))),
    estimator="ste",
    rate_weight=1e-3,
    gain_min_db=-100.0,
)

JOINT_SCRIPT = [sys.executable, str(ROOT / "experiments" / "train_joint.py")]
TINY_JOINT = replace(
    JointConfig.load(ROOT / "experiments" / "configs" / "comrec-base.json").quick(),
    stages=tuple(
        Stage(learns=learns, epochs=3, rate_start=1e-3, rate_end=1e-4)
        for learns in ("reccnn", "comcnn", "both")
    ),
)
