"""Trains ComCNN and RecCNN in turn, as Jiang et al. 2017 do.

Claim: at the bytes of plain JPEG QF 10, grey pictures come back more than 1 dB
closer to the original (set7 of the paper; `reproduce_tables.py` writes the rows).
Cost: hours on two CPU cores (`configs/gray-q50-cpu.json`), minutes on a large GPU
for the paper's schedule (`configs/jiang2017-gray-q50.json`).

    python experiments/train_alternating.py experiments/configs/gray-q50-cpu.json \\
        --data PICTURES --validation PICTURES --run runs/gray-q50

Stopped at any moment, the same command with --resume goes on to the same weights.
The run's folder gets its config, its log, a checkpoint, the weights of each round,
sample pictures (image, compact, restored, plain JPEG of the same bytes), a plot and
the rows behind it; `release_pair.py` makes a preset of it. Without a terminal the
rows of the log are printed instead of a progress bar.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from comrec.errors import ComrecError

PAPER = Path(__file__).parent / "configs" / "jiang2017-gray-q50.json"
EXAMPLES = Path(__file__).parents[1] / "examples"


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
    add("config", type=Path, nargs="?", default=PAPER, help="JSON (default: paper's)")
    add("--data", type=Path, help="folder of training pictures")
    add("--validation", type=Path, help="folder of other pictures, to judge rounds by")
    add("--every", type=int, default=1, help="take every n-th picture of --validation")
    add("--run", type=Path, help="folder of the run (default: runs/CONFIG)")
    add("--resume", action="store_true", help="go on with the run in that folder")
    add("--rounds", type=int, help="so many; more than the config has repeat its last")
    add("--minutes", type=float, default=float("inf"), help="stop after so many")
    add("--quick", action="store_true", help="tiny networks, seconds, bundled picture")
    add("--dry-run", action="store_true", help="print the resolved config and stop")
    args = parser.parse_args(argv)
    if args.quick:
        args.data, args.validation = args.data or EXAMPLES, args.validation or EXAMPLES
    elif not args.dry_run and not (args.data and args.validation):
        parser.error("--data and --validation are required (or --quick)")
    counts = [n for n in (args.every, args.rounds) if n is not None]
    if min(counts) < 1 or not args.minutes >= 0:
        parser.error("--every and --rounds are at least 1, --minutes at least 0")
    args.run = args.run or Path("runs") / args.config.stem
    return args


def train(args: argparse.Namespace) -> None:
    from comrec.train.config import TrainConfig
    from comrec.train.data import load_crops, load_validation

    config = TrainConfig.load(args.config)
    if args.quick:
        config = config.quick()
    if args.rounds:
        config = config.limited(args.rounds)
    if args.dry_run:
        print(config.dump(), end="")
        return

    # All that can be refused is refused before Keras is loaded.
    crops = load_crops(args.data, config.crop_px, config.channels)
    images = load_validation(args.validation, config.channels, args.every)

    from comrec.train.alternate import AlternatingRun, OutOfTime
    from comrec.train.curves import draw
    from comrec.train.progress import Display
    from comrec.train.validate import Validation

    validate = Validation(images, config, args.run / "samples")
    with Display(lambda: draw(args.run)) as show:
        run = AlternatingRun(
            config, args.run, crops, validate, resume=args.resume, watch=show
        )
        try:
            run.train(args.minutes * 60)
        except OutOfTime:
            print("out of time; --resume goes on from the last epoch", file=sys.stderr)


if __name__ == "__main__":
    main()
