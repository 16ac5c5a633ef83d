"""Trains ComCNN and RecCNN in turn, as Jiang et al. 2017 do.

Claim: at the bytes of plain JPEG QF 10, grey pictures come back more than 1 dB
closer to the original (set7 of the paper; `reproduce_tables.py` writes the rows).
Cost: two hours on two CPU cores (`configs/gray-q50-cpu.json`); the paper's schedule
(`configs/jiang2017-gray-q50.json`) would take days there, and is made for a GPU.

    python experiments/training/train_alternating.py \\
        experiments/configs/gray-q50-cpu.json --data PICTURES \\
        --validation PICTURES --run runs/gray-q50

Stopped at any moment, the same command with --resume goes on to the same weights.
The run's folder gets its config, its log, a checkpoint, the weights of each round,
sample pictures (image, compact, restored, plain JPEG of the same bytes), a plot and
the rows behind it; `release_pair.py` makes a preset of it.

On JAX all devices of a machine share each batch. So do those of several machines when
each is given the command with its own number; the run's folder is on the first one:

    KERAS_BACKEND=jax python ... --processes 2 --address 10.0.0.1:4321 --process 0
    KERAS_BACKEND=jax python ... --processes 2 --address 10.0.0.1:4321 --process 1
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from comrec.errors import ComrecError

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # its banner
PAPER = Path(__file__).parents[1] / "configs" / "jiang2017-gray-q50.json"
EXAMPLES = Path(__file__).parents[2] / "examples"


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
    add("--data", type=folder, help="folder of training pictures")
    add(
        "--validation", type=folder, help="folder of other pictures, to judge rounds by"
    )
    add("--every", type=int, default=1, help="take every n-th picture of --validation")
    add("--run", type=Path, help="folder of the run (default: runs/CONFIG)")
    add("--resume", action="store_true", help="go on with the run in that folder")
    add("--rounds", type=int, help="so many; more than the config has repeat its last")
    add("--minutes", type=float, default=float("inf"), help="stop after so many")
    add("--quick", action="store_true", help="tiny networks, seconds, bundled picture")
    add("--dry-run", action="store_true", help="print the resolved config and stop")
    add("--processes", type=int, default=1, help="so many train together (JAX alone)")
    add("--process", type=int, default=0, help="which of them this is, from 0")
    add("--address", default="", help="HOST:PORT, where process 0 listens")
    args = parser.parse_args(argv)
    if args.quick:
        args.data, args.validation = args.data or EXAMPLES, args.validation or EXAMPLES
    elif not args.dry_run and not (args.data and args.validation):
        parser.error("--data and --validation are required (or --quick)")
    counts = [n for n in (args.every, args.rounds) if n is not None]
    if min(counts) < 1 or not args.minutes >= 0:
        parser.error("--every and --rounds are at least 1, --minutes at least 0")
    if not 0 <= args.process < args.processes:
        parser.error("--processes is at least 1, --process less than that, from 0")
    host, _, port = args.address.rpartition(":")
    is_address = host != "" and port.isdecimal() and 0 < int(port) < 2**16
    if is_address != (args.processes > 1):
        parser.error("--processes from 2 and --address HOST:PORT go together")
    stem = "quick" if args.quick else args.config.stem
    args.run = args.run or Path("runs") / stem
    return args


def folder(text: str) -> Path:
    if not text:  # a variable that is not set, where "." would be taken
        raise argparse.ArgumentTypeError("must name a folder")
    return Path(text)


def train(args: argparse.Namespace) -> None:
    from comrec.train.alternating.config import TrainConfig
    from comrec.train.alternating.data import load_crops, load_validation

    config = TrainConfig.load(args.config)
    if args.quick:
        config = config.quick()
    if args.rounds:
        config = config.limited(args.rounds)
    if args.dry_run:
        print(config.dump(), end="")
        return

    # What pictures can be refused for is refused before Keras is loaded.
    crops = load_crops(args.data, config.crop_px, config.channels)
    images = load_validation(args.validation, config.channels, args.every)

    if args.resume and not (args.run / "checkpoint.npz").exists():
        print(f"{args.run}: nothing to resume in it, so it begins", file=sys.stderr)

    from comrec.train.alternating.schedule import AlternatingRun
    from comrec.train.alternating.validate import Validation
    from comrec.train.run.curves import draw
    from comrec.train.run.parallel import join
    from comrec.train.run.progress import Display
    from comrec.train.run.run import OutOfTime, fingerprint

    pictures = fingerprint("crops", crops) | fingerprint("validation", images.values())
    validate = Validation(images, config, args.run / "samples")
    if args.processes > 1:
        print(f"{args.processes} processes meet at {args.address}", file=sys.stderr)
    with (
        join(args.address, args.processes, args.process) as parallel,
        Display(lambda: draw(args.run)) as show,
    ):
        run = AlternatingRun(
            config, args.run, crops, validate,
            resume=args.resume, listener=show, parallel=parallel, pictures=pictures,
        )  # fmt: skip
        try:
            run.train(args.minutes * 60)
        except OutOfTime as err:
            print(err, file=sys.stderr)


if __name__ == "__main__":
    main()
