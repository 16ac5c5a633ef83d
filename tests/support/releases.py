"""Writes what a release starts from: the log of a run, and the folder it goes to."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from comrec.networks import presets
from comrec.train.release.release import Label

ROOT = Path(__file__).parents[2]
LABEL = Label("tiny-pair", "for tests", "public domain", "noise, made by numpy")
START = {"event": "start", "comrec": "0.1.0", "keras": "3.15.1", "source": "abc123"}


def write_log(folder: Path, rows: list[dict]) -> None:
    """Writes the rows as the log of a run."""
    lines = [json.dumps({"time_s": 1.0, "phase": 0, "epoch": 0} | row) for row in rows]
    (folder / "metrics.jsonl").write_text("\n".join(lines) + "\n")


def write_place(folder: Path) -> Path:
    """Makes the folder that a release adds to: the index of cards, the table."""
    folder.mkdir()
    shutil.copy(ROOT / "pretrained" / "README.md", folder)
    shutil.copy(presets.TABLE, folder / "presets.json")
    return folder
