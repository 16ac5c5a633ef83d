"""A run of three rounds with tiny networks, as training leaves it, and its release."""

from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np
from releases import LABEL, START, write_log

from comrec.networks.models import build_exact
from comrec.train.alternating.config import TrainConfig
from comrec.train.alternating.finished import FinishedRound
from comrec.train.release.release import Label, release

SIZES = {
    "comcnn": {"channels": 1, "width": 4},
    "reccnn": {"channels": 1, "width": 4, "depth": 3},
}


SCORES_DB = {0: 29.0, 1: 29.75, 2: 29.5}


def write_run(folder: Path) -> Path:
    """A run of three rounds with tiny networks, as training leaves it."""
    folder.mkdir()
    (folder / "config.json").write_text(TrainConfig(width=4, depth=3).dump())
    rows = [START, START | {"source": "def456"}, START]
    rows.append(epoch_row(-1, "comcnn"))
    for number, psnr_db in SCORES_DB.items():
        rows += [epoch_row(number, "comcnn"), *[epoch_row(number, "reccnn")] * 2]
        rows.append(
            {
                "event": "validation", "round": number, "psnr_db": psnr_db,
                "plain_psnr_db": 28.125, "fixed_psnr_db": psnr_db + 1,
                "fixed_bytes_ratio": 1.0625,
            }
        )  # fmt: skip
        write_weights(folder, number)
    write_log(folder, rows)
    return folder


def epoch_row(number: int, network: str) -> dict[str, object]:
    return {
        "event": "epoch", "round": number, "network": network, "epoch": 0,
        "steps": 1, "loss": 0.5, "rate": 1e-3, "duration_s": 30.0,
    }  # fmt: skip


def write_weights(folder: Path, number: int, sizes=SIZES) -> None:
    keras.utils.set_random_seed(number)
    rng = np.random.default_rng(number)
    np.savez(
        folder / f"round-{number}.npz",
        **{
            # Noise, since an export leaves out biases that are zero.
            f"{network}_{i}": np.asarray(variable)
            + rng.random(variable.shape, np.float32) / 100
            for network, size in sizes.items()
            for i, variable in enumerate(
                build_exact("jiang2017", network, **size).variables
            )
        },
    )


def log_rows(folder: Path) -> list[dict]:
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def attempt(run: Path, place: Path, label: Label = LABEL, number: int | None = None):
    return release(
        FinishedRound.find(run, number), label, place, place / "presets.json"
    )
