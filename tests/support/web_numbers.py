"""Writes web/test/numbers.json: what the page computes, as comrec computes it."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import numpy as np
from PIL import Image

from comrec.api import restore
from comrec.apps.web import drop
from comrec.image import reader, resample
from comrec.image.notes import Notes
from comrec.image.picture import Picture
from comrec.image.window import Window
from comrec.jpeg import analysis, quantisation
from comrec.networks import conditioning, gates

PRESET = "comrec-lite-2"
FILE = Path(__file__).parents[2] / "web" / "test" / "numbers.json"
# mean log2 of the quantiser steps of luma and chroma
STEPS = ((7.9, 8.1), (6.2, 7.0), (4.0, 4.4), (1.7, 2.6), (0.0, 0.0))
# (H, W) of the picture, scale, window of it
CASES = [
    ((1, 1), 2, (0, 1, 0, 1)),
    ((1, 5), 1.5, (0, 1, 0, 5)),
    ((13, 10), 1.5, (0, 13, 0, 10)),
    ((13, 10), 2, (0, 13, 0, 10)),
    ((14, 17), 1.5, (0, 14, 0, 17)),
    ((40, 33), 1.5, (16, 31, 6, 33)),
    ((40, 33), 2, (0, 7, 16, 33)),
    ((9, 8), 1, (2, 9, 0, 5)),
]


def made() -> dict[str, object]:
    """Returns the numbers, as plain lists."""
    random = np.random.default_rng(1)
    enlarged = []
    for size, scale, window in CASES:
        shape = (*resample.compact_size(*size, scale), 3)
        compact = random.integers(0, 256, shape, np.uint8)
        part = resample.enlarge(compact, scale, size, Window(*window))
        enlarged.append({
            "picture": size, "scale": scale, "window": window, "size": shape[:2],
            "compact": compact.ravel().tolist(),
            "enlarged": [round(float(v), 7) for v in part.ravel()],
        })  # fmt: skip
    conditions = []
    for low, high, scale in ((1, 2, 1), (0, 256, 1.5), (3, 65_536, 2)):
        tables = random.integers(low, high, (2, 8, 8))
        numbers = conditioning.condition(tables, scale)
        conditions.append({
            "tables": tables.reshape(2, 64).tolist(), "scale": scale,
            "condition": [round(float(v), 6) for v in numbers],
        })  # fmt: skip
    ordinary = _make_ordinary(random)
    return {"enlarged": enlarged, "condition": conditions, "ordinary": ordinary}


def _make_ordinary(random: np.random.Generator) -> dict[str, object]:
    """Returns how ordinary JPEGs are read, decided on, turned and changed."""
    restoring = json.loads(drop.make_restoring(PRESET, 10**6))
    decisions = []
    for sampling in ("4:2:0", "4:4:4", "grey", "8x1"):
        for luma, chroma in STEPS:
            decision = gates.decide(PRESET, sampling, luma, chroma)
            decisions.append({
                "sampling": sampling, "steps": [luma, chroma],
                "decision": decision._asdict(),
            })  # fmt: skip
    turns = []
    for orientation in range(1, 9):
        pixels = random.integers(0, 256, (5, 3, 3), np.uint8)
        upright = reader.turned(Picture(pixels), orientation, Notes()).pixels
        turns.append({
            "orientation": orientation, "size": [5, 3],
            "pixels": pixels.ravel().tolist(), "upright": upright.ravel().tolist(),
        })  # fmt: skip
    return {
        "restoring": restoring, "decisions": decisions, "jpegs": _read_jpegs(),
        "turns": turns, "changes": _take_changes(random),
    }  # fmt: skip


def _read_jpegs() -> list[dict[str, object]]:
    y, x = np.mgrid[:24, :32]
    image = Image.fromarray(np.stack([8 * x, 9 * y, 4 * (x + y)], 2).astype(np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    rows = []
    for name, kind, options in (
        ("4:2:0", "RGB", {"quality": 40}),
        ("4:4:4, fine", "RGB", {"quality": 97, "subsampling": 0}),
        ("4:2:2, turned", "RGB", {"quality": 71, "subsampling": 1, "exif": exif}),
        ("grey", "L", {"quality": 25}),
        ("progressive", "RGB", {"quality": 60, "progressive": True}),
    ):
        out = io.BytesIO()
        image.convert(kind).save(out, "JPEG", **options)
        data = out.getvalue()
        traits = analysis.read(data)
        steps = analysis.log_steps(quantisation.read_tables(data))
        decision = gates.decide(PRESET, traits.sampling, *steps)
        rows.append({
            "name": name, "file": base64.b64encode(data).decode(),
            "sampling": traits.sampling, "quality": traits.quality,
            "orientation": reader.orientation(data), "decision": decision._asdict(),
        })  # fmt: skip
    return rows


def _take_changes(random: np.random.Generator) -> list[dict[str, object]]:
    """Returns changes of a window at (8, 8), whose last blocks are not whole."""
    rows = []
    decision = gates.Decision((0.1, 0, 0.3, 0.4, 0.5, 0.6, 0.7), (0.9,) * 7, 1)
    tables = np.full((2, 8, 8), 25) + np.arange(64).reshape(8, 8)
    for channels in (1, 3):
        # From left to right more and more is left of a block.
        noise = random.integers(-9, 10, (24, 40, channels))
        part = 128 + noise * (np.arange(40)[:, None] ** 2) // 120
        part = np.clip(part, 0, 255).astype(np.uint8)
        before = part[8:21, 8:37]
        restored = np.clip(before + random.integers(-20, 21, before.shape), 0, 255)
        kinds = gates.kinds_of(analysis.count_kept(before, tables))
        change = restored.astype(np.float32) - before
        taken = np.rint(before + restore.take_share(change, kinds, decision))
        rows.append({
            "channels": channels, "steps": tables[0].ravel().tolist(),
            "decision": decision._asdict(), "part": part.ravel().tolist(),
            "restored": restored.ravel().tolist(),
            "taken": np.clip(taken, 0, 255).astype(int).ravel().tolist(),
        })  # fmt: skip
        assert len(np.unique(kinds)) > 2
    return rows


if __name__ == "__main__":
    FILE.write_text(json.dumps(made(), separators=(",", ":")) + "\n")
