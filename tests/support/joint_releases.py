"""An end-to-end run of three epochs with random weights, as training leaves it."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
from releases import START, write_log

from comrec.networks.models import build_exact
from comrec.train.joint.config import JointConfig, Stage
from comrec.train.run import checkpoint

STAGES = (
    Stage(learns="reccnn", epochs=2, rate_start=1e-3, rate_end=1e-4),
    Stage(learns="comcnn", epochs=1, rate_start=1e-3, rate_end=1e-4),
)


CONFIG = JointConfig(
    "tiny", STAGES, widths=(4, 6), blocks=(1, 1, 1), compact_width=4, compact_blocks=1,
    scales=(1, 1.5, 2), scale_shares=(0.5, 0.25, 0.25), compact_scales=(1.5, 2),
    qualities=((5, 90),) * 3,
)  # fmt: skip


def models() -> list[keras.Model]:
    """Networks that do something, without training."""
    keras.utils.set_random_seed(5)
    rng, made = np.random.default_rng(5), []
    for name, size in CONFIG.sizes.items():
        model = build_exact("comrec", name, **size)
        noisy = [w + 0.02 * rng.standard_normal(w.shape) for w in model.get_weights()]
        model.set_weights(noisy)
        made.append(model)
    return made


def write_run(folder: Path) -> Path:
    """A run of three epochs, as training leaves it."""
    (folder / "config.json").write_text(CONFIG.dump())
    checkpoint.save(folder / "best.npz", checkpoint.collect_weights(models()))
    rows = [START]
    for phase, epoch, gain_db in ((0, 0, 1.25), (0, 1, 1.5), (1, 0, 1.75)):
        here = {"phase": phase, "epoch": epoch}
        learns = STAGES[phase].learns
        rows += [
            here | {"event": "epoch", "learns": learns, "duration_s": 90.0},
            here
            | {"event": "validation", "gain_db": gain_db, "gain_db_1.5_0.25": gain_db},
        ]
    write_log(folder, rows)
    return folder
