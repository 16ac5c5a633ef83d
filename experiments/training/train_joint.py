"""Trains a pair of the comrec family end to end; any run stops and resumes anywhere.

Claim: one pair restores JPEGs of every quality at full and half size. Cost: hours on
two CPU cores, minutes on an accelerator (the KERAS_BACKEND that is installed).

    python experiments/training/train_joint.py experiments/configs/comrec-base.json \\
        --data PICTURES OTHER_PICTURES --run runs/base

Every tenth picture of each folder, by name, is held back to judge the epochs by, unless
--validation names folders of others. Stopped at any moment, the same command with
--resume goes on to the same weights; so it does with further stages at the end of the
config. The run's folder gets its config, its log, a checkpoint, the weights of the
epoch that gained most (best.npz), a plot and the rows behind it.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from comrec.errors import ComrecError, UsageError

if TYPE_CHECKING:
    import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # its banner
EXAMPLES = Path(__file__).parents[2] / "examples"
HELD_BACK = 10


def main() -> None:
    args = parse(sys.argv[1:])
    try:
        train(args)
    except ComrecError as err:
        raise SystemExit(str(err)) from None
    except KeyboardInterrupt:
        raise SystemExit("stopped; --resume goes on from the last epoch") from None


def parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("config", type=Path, help="JSON")
    add("--data", type=folder, nargs="+", help="folders of training pictures")
    add(
        "--validation", type=folder, nargs="+",
        help="folders of other pictures, to judge epochs by (default: some of --data)",
    )  # fmt: skip
    add(
        "--every", type=int,
        help="take every n-th picture of --validation (default: all), or hold back "
        f"every n-th of --data (default: {HELD_BACK})",
    )  # fmt: skip
    add("--run", type=Path, help="folder of the run (default: runs/CONFIG)")
    add("--resume", action="store_true", help="go on with the run in that folder")
    add("--stages", type=int, help="the first so many of the config's alone")
    add("--minutes", type=float, default=float("inf"), help="stop after so many")
    add("--quick", action="store_true", help="tiny networks, seconds, bundled picture")
    add("--dry-run", action="store_true", help="print the resolved config and stop")
    args = parser.parse_args(argv)
    if args.quick:
        args.data = args.data or [EXAMPLES]
    elif not args.dry_run and not args.data:
        parser.error("--data is required (or --quick)")
    counts = [n for n in (args.every, args.stages) if n is not None]
    if min(counts, default=1) < 1 or not args.minutes >= 0:
        parser.error("--every and --stages are at least 1, --minutes at least 0")
    args.every = args.every or (1 if args.validation else HELD_BACK)
    args.run = args.run or Path("runs") / ("quick" if args.quick else args.config.stem)
    return args


def folder(text: str) -> Path:
    if not text:  # a variable that is not set, where "." would be taken
        raise argparse.ArgumentTypeError("must name a folder")
    return Path(text)


def train(args: argparse.Namespace) -> None:
    from comrec.train.joint.config import JointConfig

    config = JointConfig.load(args.config)
    if args.quick:
        config = config.quick()
    if args.stages:
        config = config.limited(args.stages)
    if args.dry_run:
        print(config.dump(), end="")
        return

    # What pictures can be refused for is refused before Keras is loaded.
    images, judged = load(args)
    if args.resume and not (args.run / "checkpoint.npz").exists():
        print(f"{args.run}: nothing to resume in it, so it begins", file=sys.stderr)

    from comrec.train.joint.schedule import JointRun
    from comrec.train.joint.validate import Validation
    from comrec.train.run.curves import draw
    from comrec.train.run.progress import Display
    from comrec.train.run.run import OutOfTime, fingerprint

    pictures = fingerprint("pictures", images) | fingerprint("validation", judged)
    with Display(lambda: draw(args.run)) as show:
        run = JointRun(
            config, args.run, images, Validation(judged),
            resume=args.resume, listener=show, pictures=pictures,
        )  # fmt: skip
        try:
            run.train(args.minutes * 60)
        except OutOfTime as err:
            print(err, file=sys.stderr)


def load(args: argparse.Namespace) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Pictures to train on, and others to judge by."""
    from comrec.train.alternating.data import list_pictures, load_picture

    found = [list_pictures(place) for place in args.data]
    others = [list_pictures(place) for place in args.validation or ()]
    judged = [path for paths in others or found for path in paths[:: args.every]]
    held_back = {path.resolve() for path in judged}
    training = [
        path for paths in found for path in paths if path.resolve() not in held_back
    ]
    if args.quick:
        training = training or judged
    if not training:
        raise UsageError(
            f"{args.data[0]}: all of its pictures are held back to judge by. Add "
            f"pictures, or name others by --validation"
        )
    return [load_picture(p, 3) for p in training], [load_picture(p, 3) for p in judged]


if __name__ == "__main__":
    main()
