"""Compares gradient estimators for ComCNN, each with and without the rate term.

Claim: with every estimator the rate term raises the PSNR at equal bytes, by 0.02 to
0.04 dB, and estimators differ by less than 0.1 dB. Each runs one round from the same
trained pair: the same batches for ComCNN, then the same for RecCNN, then validation at
the bytes of plain JPEG. `none` is the control: ComCNN is frozen, and RecCNN gets the
same batches. One seed.
Cost: about half an hour on two CPU cores.

    python experiments/training/ablate_estimators.py --data PICTURES \\
        --validation PICTURES --out experiments/results/estimators.tsv
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import training_script
from training_script import EXAMPLES

# Half of the squared error that one more bit removes near plain QF 10: from 30.19 dB at
# its bytes to 30.88 dB at 1.19 times these, of jiang2017-gray-q50 on validation
# pictures. A bit that removes less costs more than it gains.
RATE_WEIGHT = 1.3e-3
ESTIMATORS = ("none", "bypass", "released", "ste")


class Row(NamedTuple):
    estimator: str
    rate_weight: float
    compact_steps: int
    compact_s: float
    reconstruction_steps: int
    reconstruction_s: float
    psnr_db: float
    plain_psnr_db: float
    fixed_psnr_db: float
    fixed_bytes_ratio: float
    start: str
    versions: str


def main() -> None:
    parser = training_script.parser(__doc__)
    add = parser.add_argument
    add("--data", type=Path, default=EXAMPLES, help="training pictures")
    add("--validation", type=Path, default=EXAMPLES, help="validation pictures")
    add("--every", type=int, default=1, metavar="N",
        help="take every N-th picture of --validation")  # fmt: skip
    add("--start", default="jiang2017-gray-q50-2", help="preset to start from")
    add("--rate-weight", type=float, default=RATE_WEIGHT)
    add("--runs", type=Path, help="folder of the runs (default: runs/estimators)")
    add("--out", type=Path, help="TSV file to write")
    add("--quick", action="store_true", help="tiny networks, seconds")
    args = parser.parse_args()
    args.runs = args.runs or Path(
        "runs/estimators-quick" if args.quick else "runs/estimators"
    )
    training_script.call(compare, args)


def compare(args: argparse.Namespace) -> None:
    """Trains and measures every estimator, prints the scores and writes the rows."""
    rows = [
        measure(args, estimator, weight)
        for estimator in ESTIMATORS
        for weight in ((0.0,) if estimator == "none" else (0.0, args.rate_weight))
    ]
    for row in rows:
        print(
            f"{row.estimator:>8}, rate weight {row.rate_weight:<7g} "
            f"{row.psnr_db:.3f} dB at equal bytes; at its own quality "
            f"{row.fixed_psnr_db:.2f} dB and {row.fixed_bytes_ratio:.0%} of the bytes"
        )
    if args.out:
        training_script.write_rows(args.out, Row._fields, rows)


def measure(args: argparse.Namespace, estimator: str, weight: float) -> Row:
    """Trains one round with an estimator, or resumes its run, and returns its row."""
    from comrec.train.alternating.config import Round, TrainConfig
    from comrec.train.alternating.data import load_crops, load_validation
    from comrec.train.alternating.schedule import AlternatingRun
    from comrec.train.alternating.validate import Validation
    from comrec.train.run.config import LearningRate
    from comrec.train.run.progress import Display

    learn = () if estimator == "none" else (LearningRate(2, 1e-4, 3e-5),)
    config = TrainConfig(
        preset="ablation", rounds=(Round(learn, (LearningRate(1, 5e-5, 5e-5),)),),
        start=args.start, estimator="bypass" if estimator == "none" else estimator,
        rate_weight=weight, batch=16, stride_px=40, epoch_patches=3200,
    )  # fmt: skip
    if args.quick:
        config = replace(config.quick(), rounds=config.rounds)
    crops = load_crops(args.data, config.crop_px, config.channels)
    images = load_validation(args.validation, config.channels, args.every)
    folder = args.runs / f"{estimator}-{weight:g}"
    with Display() as show:
        print(f"{estimator}, rate weight {weight:g}", file=sys.stderr, flush=True)
        run = AlternatingRun(
            config,
            folder,
            crops,
            Validation(images, config),
            resume=True,
            listener=show,
        )
        run.train()
    score = run.log.rows("validation")[-1]
    made = run.log.rows("start")[-1]
    epochs = run.log.rows("epoch")
    compact, reconstruction = (
        [row for row in epochs if row["network"] == network and row["round"] >= 0]
        for network in ("comcnn", "reccnn")
    )
    return Row(
        estimator, weight,
        sum(row["steps"] for row in compact),
        round(sum(row["duration_s"] for row in compact), 1),
        sum(row["steps"] for row in reconstruction),
        round(sum(row["duration_s"] for row in reconstruction), 1),
        *(round(score[name], 4) for name in Row._fields[6:10]),
        config.start,
        f"comrec {made['comrec']}, keras {made['keras']}, {made['source']}",
    )  # fmt: skip


if __name__ == "__main__":
    main()
