"""Compares ways to train ComCNN with bicubic reduction, at equal bytes and each scale.

Claim: ComCNN gains at most 0.1 dB, most at full size and 1 bit per pixel, and learning
alternately with RecCNN ("alternating") gains as much as learning jointly ("joint"). All
ways start from the same run, and end with the same RecCNN epochs on JPEGs of their own
compact images; `plain`, which has no ComCNN, trains RecCNN for the other epochs too.
One seed; dB above plain JPEG of the same bytes on validation pictures.
Cost: a few hours on two CPU cores for comrec-base, under one for comrec-lite.

    python experiments/training/ablate_comcnn.py experiments/configs/comrec-lite.json \\
        --start runs/lite --data PICTURES MORE_PICTURES \\
        --out experiments/results/comcnn.tsv
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import training_script
from training_script import EXAMPLES

# Scales with a ComCNN, and what learns through the differentiable codec.
WAYS: dict[str, tuple[tuple[float, ...], str]] = {
    "plain": ((), "reccnn"),
    "alternating": ((1.5, 2), "comcnn"),
    "joint": ((1.5, 2), "both"),
    "alternating, all scales": ((1, 1.5, 2), "comcnn"),
}
RATES = {
    "comcnn": (1e-3, 1e-4),
    "both": (3e-4, 1e-4),
}  # both: a lower rate keeps RecCNN
HEAD = (
    "way", "codec_epochs", "reccnn_epochs", "seconds", "scale", "rate_bpp", "gain_db",
    "start", "versions",
)  # fmt: skip


def main() -> None:
    parser = training_script.parser(__doc__)
    add = parser.add_argument
    add("config", type=Path, help="JSON; its stages and scales are replaced")
    add("--start", default="", help="run or preset to start from")
    add("--data", type=Path, nargs="+", default=[EXAMPLES], help="folders of pictures")
    add("--every", type=int, default=10, metavar="N",
        help="hold back every N-th picture to validate on")  # fmt: skip
    add("--epochs", type=int, default=3, metavar="N",
        help="train N epochs through the codec, then N of RecCNN")  # fmt: skip
    add("--runs", type=Path, default=Path("runs/comcnn"), help="folder of the runs")
    add("--out", type=Path, help="TSV file to write")
    add("--quick", action="store_true", help="tiny networks, seconds")
    args = parser.parse_args()
    training_script.call(compare, args)


def compare(args: argparse.Namespace) -> None:
    """Trains and measures every way, prints the gains and writes the rows."""
    rows = [row for way in WAYS for row in measure(args, way)]
    for way, *_, scale, rate_bpp, gain_db, _, _ in rows:
        print(f"{way:>23}, scale {scale:<3}, {rate_bpp} bpp: {gain_db:+.3f} dB")
    if args.out:
        training_script.write_rows(args.out, HEAD, rows)


def measure(args: argparse.Namespace, way: str) -> list[tuple[Any, ...]]:
    """Trains one way, or resumes its run, and returns its rows."""
    from comrec.apps.train import pictures
    from comrec.train.alternating.data import load_picture
    from comrec.train.joint.config import JointConfig, Stage
    from comrec.train.joint.schedule import JointRun
    from comrec.train.joint.validate import Validation
    from comrec.train.run.progress import Display

    def stage(learns: str, epochs: int, rate_start: float, rate_end: float) -> Stage:
        return Stage(
            learns=learns, epochs=epochs, rate_start=rate_start, rate_end=rate_end
        )

    count, (scales, learns) = args.epochs, WAYS[way]
    stages = (stage("reccnn", count if scales else 2 * count, 3e-4, 3e-5),)
    if scales:
        stages = (stage(learns, count, *RATES[learns]), *stages)
    config = replace(
        JointConfig.load(args.config), compact_scales=scales, stages=stages,
        start=args.start,
    )  # fmt: skip
    config = replace(config.quick(), stages=stages) if args.quick else config
    training, judged = pictures.split(args.data, (), args.every, args.quick)
    images = [load_picture(path, 3) for path in training]
    validation = [load_picture(path, 3) for path in judged]
    with Display() as show:
        print(way, file=sys.stderr, flush=True)
        folder = args.runs / way.replace(",", "").replace(" ", "-")
        run = JointRun(
            config, folder, images, Validation(validation), resume=True, listener=show
        )
        run.train()
    epochs = run.log.rows("epoch")
    codec_epochs = sum(row["learns"] != "reccnn" for row in epochs)
    made = run.log.rows("start")[-1]
    head = (
        way, codec_epochs, len(epochs) - codec_epochs,
        round(sum(row["duration_s"] for row in epochs)),
    )  # fmt: skip
    tail = config.start, f"comrec {made['comrec']}, keras {made['keras']}"
    score = run.log.rows("validation")[-1]
    gains = {name: value for name, value in score.items() if "gain_db_" in name}
    return [
        (*head, *name.removeprefix("gain_db_").split("_"), value, *tail)
        for name, value in gains.items()
    ]


if __name__ == "__main__":
    main()
