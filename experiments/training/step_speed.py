"""Times one training step of each network, in float32 and in bfloat16.

Claim: on a CPU with bfloat16 instructions, a step of TensorFlow takes less time in
mixed bfloat16 than in float32 (0.6 to 0.9 of it in four runs on a shared machine).
Cost: a minute. The backend is that of KERAS_BACKEND; run it on a quiet machine.

    python experiments/training/step_speed.py --out experiments/results/step_speed.tsv

GFLOP/s count six operations for each multiply-add of a pixel: forward, gradient to
the input and gradient to the weights, two each.
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

from comrec.networks.models.jiang2017 import build_reccnn
from comrec.system import files
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
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--patch-px", type=int, default=40)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--out", type=Path, help="TSV to write")
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
        lines = ["\t".join(Row._fields), *("\t".join(map(str, row)) for row in found)]
        files.write(args.out, ("\n".join(lines) + "\n").encode())


def measure(args: argparse.Namespace, precision: str, size: dict[str, int]) -> Row:
    """The step of RecCNN, which is nearly all that training costs."""
    keras.config.set_dtype_policy(precision)
    model = build_reccnn(**size)
    jit = False if keras.backend.backend() == "tensorflow" else "auto"
    model.compile(keras.optimizers.Adam(1e-4), half_square_error, jit_compile=jit)
    shape = (args.batch, args.patch_px, args.patch_px, 1)
    x = np.random.default_rng(0).random(shape, np.float32)
    model.train_on_batch(x, x)  # builds and compiles
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
