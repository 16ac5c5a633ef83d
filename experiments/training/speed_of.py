"""Measures the time of networks in onnxruntime, side by side."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from comrec.networks import conditioning, presets, weights

LITE = "comrec-lite-2"  # the reference of speeds
SIDE_PX = 1024
ROUNDS = 7


def measure_ms(
    exports: Sequence[Path], side_px: int = SIDE_PX, rounds: int = ROUNDS
) -> tuple[float, list[float]]:
    """Returns the milliseconds per megapixel of RecCNN of LITE, and of each network.

    Networks take turns, each with one thread on one square; the least time of all
    rounds counts.

    Args:
      exports: ONNX files from [enlarged, condition] to the residual.
      side_px: of the square.
      rounds: number of turns.
    """
    lite = weights.read(presets.find(LITE).onnx["reccnn"])
    sessions = [_session(data) for data in (lite, *(p.read_bytes() for p in exports))]
    rng = np.random.default_rng(0)
    enlarged = rng.random((1, side_px, side_px, 3), np.float32)
    condition = rng.random((1, conditioning.SIZE), np.float32)
    least = [float("inf")] * len(sessions)
    for _ in range(rounds):
        for i, session in enumerate(sessions):
            names = [value.name for value in session.get_inputs()]
            started = time.perf_counter()
            session.run(None, dict(zip(names, (enlarged, condition), strict=True)))
            least[i] = min(least[i], time.perf_counter() - started)
    lite_ms, *others = (1e3 * taken / (side_px**2 / 1e6) for taken in least)
    return lite_ms, others


def _session(data: bytes) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        data, sess_options=options, providers=["CPUExecutionProvider"]
    )
