"""The training script and a config for it that takes seconds."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from comrec.train.config import Round, Stretch, TrainConfig

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
