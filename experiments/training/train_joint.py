"""Trains a pair of the comrec family end to end, for every quality and scale.

Claim: on validation pictures one pair has more than 1.5 dB above plain JPEG at the same
bytes, at full, two thirds and half size, from 0.15 to 1 bit per pixel. Cost: hours on
two CPU cores, minutes on an accelerator (Keras with the backend KERAS_BACKEND).

    python experiments/training/train_joint.py experiments/configs/comrec-base.json \\
        --data PICTURES OTHER_PICTURES --run runs/base

Every tenth picture of each folder, by name, is held back to validate on, unless
--validation names other folders. A run can be stopped at any moment; the same command
with --resume continues it, and ends with the same weights. Stages may be added at the
end of the config before a run is resumed. The run's folder holds its config, its log, a
checkpoint, the weights of the epoch that gained most (best.npz), a plot and its rows.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import training_script
from training_script import EXAMPLES, folder

from comrec.cli.console import spell
from comrec.errors import UsageError

if TYPE_CHECKING:
    import numpy as np

HELD_BACK = 10


def main() -> None:
    training_script.call(train, parse(sys.argv[1:]))


def parse(argv: list[str]) -> argparse.Namespace:
    parser = training_script.parser(__doc__)
    add = parser.add_argument
    add("config", type=Path, help="JSON")
    add("--data", type=folder, nargs="+", help="folders of training pictures")
    add(
        "--validation", type=folder, nargs="+",
        help="folders of other pictures, to validate on (default: some of --data)",
    )  # fmt: skip
    add(
        "--every", type=int, metavar="N",
        help="take every N-th picture of --validation (default: all), or hold back "
        f"every N-th of --data (default: {HELD_BACK})",
    )  # fmt: skip
    training_script.add_run_options(parser)
    add("--stages", type=int, metavar="N", help="train the first N stages only")
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

    # Bad pictures are refused before Keras is imported, which takes seconds.
    images, validation = load(args)
    training_script.warn_if_new(args)

    from comrec.train.joint.schedule import JointRun
    from comrec.train.joint.validate import Validation
    from comrec.train.run.curves import draw
    from comrec.train.run.progress import Display
    from comrec.train.run.run import OutOfTime, fingerprint

    pictures = fingerprint("pictures", images) | fingerprint("validation", validation)
    with Display(lambda: draw(args.run)) as show:
        run = JointRun(
            config, args.run, images, Validation(validation),
            resume=args.resume, listener=show, pictures=pictures,
        )  # fmt: skip
        try:
            run.train(args.minutes * 60)
        except OutOfTime as err:
            print(spell(err), file=sys.stderr)


def load(args: argparse.Namespace) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Returns the training pictures and the validation pictures.

    Args:
      args: of this script, or of one with the same `data`, `validation`, `every` and
        `quick`.

    Returns:
      Two lists of uint8 (H, W, 3).

    Raises:
      UsageError: a folder is missing or no picture is left to train on.
      ImageError: a picture cannot be read.
    """
    from comrec.train.alternating.data import list_pictures, load_picture

    found = [list_pictures(place) for place in args.data]
    others = [list_pictures(place) for place in args.validation or ()]
    validation = [path for paths in others or found for path in paths[:: args.every]]
    held_back = {path.resolve() for path in validation}
    training = [
        path for paths in found for path in paths if path.resolve() not in held_back
    ]
    if args.quick:
        training = training or validation
    if not training:
        raise UsageError(
            f"{args.data[0]}: all pictures are held back to validate on. Add "
            f"pictures, or name others by `validation`"
        )
    return (
        [load_picture(path, 3) for path in training],
        [load_picture(path, 3) for path in validation],
    )


if __name__ == "__main__":
    main()
