"""What ComCNN gains at equal bytes, scale by scale, against the plain reduction.

Claim: these rows say where ComCNN pays, and whether it should learn by turns with
RecCNN ("alternating") or together with it ("joint"). All ways begin from the same run
and end with the same RecCNN epochs on what the real encoder wrote of their own compact
images, so that each has the RecCNN that fits it; `plain` gets the epochs of ComCNN as
further epochs of RecCNN. One seed, validation pictures, dB above plain JPEG at its
bytes.
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

from train_joint import EXAMPLES, HELD_BACK, load

from comrec.errors import ComrecError
from comrec.system import files

# Scales at which ComCNN changes the picture before it is reduced, and what learns
# through the codec.
WAYS: dict[str, tuple[tuple[float, ...], str]] = {
    "plain": ((), "reccnn"),
    "alternating": ((1.5, 2), "comcnn"),
    "joint": ((1.5, 2), "both"),
    "alternating, all scales": ((1, 1.5, 2), "comcnn"),
}
RATES = {"comcnn": (1e-3, 1e-4), "both": (3e-4, 1e-4)}  # both: not to forget too much
HEAD = (
    "way", "codec_epochs", "reccnn_epochs", "seconds", "scale", "rate_bpp", "gain_db",
    "start", "versions",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("config", type=Path, help="JSON: the networks, and all but the stages")
    add("--start", default="", help="run or preset to begin from")
    add("--data", type=Path, nargs="+", default=[EXAMPLES], help="folders of pictures")
    add("--every", type=int, default=HELD_BACK, help="hold back every n-th to judge by")
    add("--epochs", type=int, default=3, help="through the codec, and then of RecCNN")
    add("--runs", type=Path, default=Path("runs/comcnn"), help="folder of the runs")
    add("--out", type=Path, help="TSV to write")
    add("--quick", action="store_true", help="tiny networks, seconds")
    args = parser.parse_args()
    args.validation = None
    try:
        rows = [row for way in WAYS for row in measure(args, way)]
    except ComrecError as err:
        raise SystemExit(str(err)) from None
    lines = ["\t".join(HEAD), *("\t".join(map(str, row)) for row in rows)]
    for way, *_, scale, rate_bpp, gain_db, _, _ in rows:
        print(f"{way:>23}, scale {scale:<3}, {rate_bpp} bpp: {gain_db:+.3f} dB")
    if args.out:
        files.write(args.out, ("\n".join(lines) + "\n").encode())


def measure(args: argparse.Namespace, way: str) -> list[tuple[Any, ...]]:
    """The rows of one way, in a run of its own that a second call takes up."""
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
    images, judged = load(args)
    with Display() as show:
        print(way, file=sys.stderr, flush=True)
        folder = args.runs / way.replace(",", "").replace(" ", "-")
        run = JointRun(
            config, folder, images, Validation(judged), resume=True, listener=show
        )
        run.train()
    epochs = run.log.rows("epoch")
    through = sum(row["learns"] != "reccnn" for row in epochs)
    made = run.log.rows("start")[-1]
    head = (
        way, through, len(epochs) - through,
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
