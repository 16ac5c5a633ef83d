"""Writes web/test/numbers.json: what the page computes, as comrec computes it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from comrec.image import resample
from comrec.image.window import Window
from comrec.networks import conditioning

FILE = Path(__file__).parents[2] / "web" / "test" / "numbers.json"
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
    return {"enlarged": enlarged, "condition": conditions}


if __name__ == "__main__":
    FILE.write_text(json.dumps(made(), separators=(",", ":")) + "\n")
