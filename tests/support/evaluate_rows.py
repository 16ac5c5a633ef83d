"""Runs `comrec evaluate` in tests, and reads its tables."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
from pictures import photo

from comrec.apps.evaluate import sweep
from comrec.apps.evaluate.rows import Row
from comrec.cli import main

GREY = photo()[..., :1]


def coarse(image: np.ndarray) -> np.ndarray:
    """Quantises to steps of 24 levels: a distortion without a codec."""
    return (image // 24 * 24 + 12).astype(np.uint8)


def run(folder: Path, out: Path, *more: str) -> int:
    given = ["evaluate", str(folder), "--out", str(out), "--quiet", *more]
    return main.main(given if "--codecs" in more else [*given, "--codecs", "jpeg"])


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text()), delimiter="\t"))


def task(folder: Path, codec: str, *settings: float) -> sweep.Task:
    (subject, *_), _ = sweep.subjects(folder)
    return sweep.Task(codec, "1", subject, subject.identity(), settings, "psnr")


def row(codec: str, setting: float, image: str, bpp: float, db: float) -> Row:
    numbers = int(1e5 * bpp / 8), bpp, db, db, None, None, None, 0.1, 0.02
    return Row(codec, "1", setting, image, 3, "0", *numbers)
