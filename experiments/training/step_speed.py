"""Times a training step of RecCNN in float32 and in mixed bfloat16.

Claim: on a CPU with bfloat16 instructions, a step of TensorFlow takes less time in
mixed bfloat16 than in float32 (0.6 to 0.9 of it in four runs on a shared machine).
Cost: a minute on an idle machine. KERAS_BACKEND chooses the backend.

    python experiments/training/step_speed.py --out experiments/results/step_speed.tsv

GFLOP/s count six operations for each multiply-add per pixel: two forward, two for the
gradient of the input and two for the gradient of the weights.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import time
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import training_script

from comrec.networks.models.jiang2017 import build_reccnn
from comrec.train.alternating.compact import half_square_error


class Row(NamedTuple):
    backend: str
    precision: str
    batch: int
    patch_px: int
    median_s: float
    fastest_s: float
    gflop_per_s: float
    cores: int
    machine: str
    keras: str


def main() -> None:
    parser = training_script.parser(__doc__)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--patch-px", type=int, default=40)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--out", type=Path, help="TSV file to write")
    parser.add_argument("--quick", action="store_true", help="tiny network, two steps")
    args = parser.parse_args()
    if args.quick:
        args.batch, args.patch_px, args.steps = 1, 16, 2
    size = {"width": 4, "depth": 3} if args.quick else {}
    found = [measure(args, name, size) for name in ("float32", "mixed_bfloat16")]
    for row in found:
        print(
            f"{row.precision:>14}: {row.median_s:.3f} s, {row.gflop_per_s:.0f} GFLOP/s"
        )
    print(f"bfloat16 takes {found[1].median_s / found[0].median_s:.2f} of the time")
    if args.out:
        training_script.write_rows(args.out, Row._fields, found)


def measure(args: argparse.Namespace, precision: str, size: dict[str, int]) -> Row:
    """Times the step of RecCNN, which takes nearly all the time of training."""
    keras.config.set_dtype_policy(precision)
    model = build_reccnn(**size)
    jit = False if keras.backend.backend() == "tensorflow" else "auto"
    model.compile(keras.optimizers.Adam(1e-4), half_square_error, jit_compile=jit)
    shape = (args.batch, args.patch_px, args.patch_px, 1)
    x = np.random.default_rng(0).random(shape, np.float32)
    model.train_on_batch(x, x)  # the first call compiles
    times = []
    for _ in range(args.steps):
        started = time.perf_counter()
        model.train_on_batch(x, x)
        times.append(time.perf_counter() - started)
    median = float(np.median(times))
    kernels = [v.shape for v in model.trainable_variables if len(v.shape) == 4]
    flop = 6 * sum(map(math.prod, kernels)) * x.size  # 664,704 a pixel (paper)
    return Row(
        keras.backend.backend(), precision, args.batch, args.patch_px,
        round(median, 4), round(min(times), 4), round(flop / median / 1e9, 1),
        os.cpu_count() or 0, platform.machine(), keras.__version__,
    )  # fmt: skip


if __name__ == "__main__":
    main()
