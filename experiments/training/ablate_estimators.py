"""Compares the estimators of the compact step, with and without the rate term.

Claim: of three ways for ComCNN to learn through a codec without a gradient, and a
rate term or none, this says which gains most at equal bytes for equal training.
Every way gets one round from the same trained pair: the same batches for ComCNN,
then the same for RecCNN, then the validation pictures at the bytes of plain JPEG.
`none` is the control: ComCNN stands still, and RecCNN gets as many batches. One seed.
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

from comrec.errors import ComrecError
from comrec.system import files

EXAMPLES = Path(__file__).parents[2] / "examples"
# Half of what a bit more takes off the squared error, about plain QF 10: between 30.19
# dB at its bytes and 30.88 dB at 1.19 of them, which jiang2017-gray-q50 reached on
# validation pictures. A bit that buys less is better left.
RATE_WEIGHT = 1.3e-3
WAYS = ("none", "bypass", "released", "ste")


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
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--data", type=Path, default=EXAMPLES, help="training pictures")
    add("--validation", type=Path, default=EXAMPLES, help="pictures to judge by")
    add("--every", type=int, default=1, help="take every n-th picture of --validation")
    add("--start", default="jiang2017-gray-q50", help="preset to begin from")
    add("--rate-weight", type=float, default=RATE_WEIGHT)
    add("--runs", type=Path, help="folder of the runs (default: runs/estimators)")
    add("--out", type=Path, help="TSV to write")
    add("--quick", action="store_true", help="tiny networks, seconds")
    args = parser.parse_args()
    args.runs = args.runs or Path(
        "runs/estimators-quick" if args.quick else "runs/estimators"
    )
    try:
        rows = [
            measure(args, way, weight)
            for way in WAYS
            for weight in ((0.0,) if way == "none" else (0.0, args.rate_weight))
        ]
    except ComrecError as err:
        raise SystemExit(str(err)) from None
    lines = ["\t".join(Row._fields), *("\t".join(map(str, row)) for row in rows)]
    for row in rows:
        print(
            f"{row.estimator:>8}, rate weight {row.rate_weight:<7g} "
            f"{row.psnr_db:.3f} dB at equal bytes; at its own quality "
            f"{row.fixed_psnr_db:.2f} dB and {row.fixed_bytes_ratio:.0%} of the bytes"
        )
    if args.out:
        files.write(args.out, ("\n".join(lines) + "\n").encode())


def measure(args: argparse.Namespace, way: str, weight: float) -> Row:
    """One round of one way, in a run of its own that a second call takes up."""
    from comrec.train.alternating.config import Round, TrainConfig
    from comrec.train.alternating.data import load_crops, load_validation
    from comrec.train.alternating.schedule import AlternatingRun
    from comrec.train.alternating.validate import Validation
    from comrec.train.run.config import LearningRate
    from comrec.train.run.progress import Display

    learn = () if way == "none" else (LearningRate(2, 1e-4, 3e-5),)
    config = TrainConfig(
        preset="ablation", rounds=(Round(learn, (LearningRate(1, 5e-5, 5e-5),)),),
        start=args.start, estimator="bypass" if way == "none" else way,
        rate_weight=weight, batch=16, stride_px=40, epoch_patches=3200,
    )  # fmt: skip
    if args.quick:
        config = replace(config.quick(), rounds=config.rounds)
    crops = load_crops(args.data, config.crop_px, config.channels)
    images = load_validation(args.validation, config.channels, args.every)
    folder = args.runs / f"{way}-{weight:g}"
    with Display() as show:
        print(f"{way}, rate weight {weight:g}", file=sys.stderr, flush=True)
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
        way, weight,
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
