"""Trains ComCNN and RecCNN alternately, after Jiang et al. 2017.

Claim: at the bytes of plain JPEG QF 10, the PSNR of restored grey pictures is more than
1 dB higher (the paper's seven; `experiments/paper/reproduce_tables.py` writes the
rows). Cost: two hours on two CPU cores with `experiments/configs/gray-q50-cpu.json`;
the paper's schedule, `experiments/configs/jiang2017-gray-q50.json`, is for a GPU.

    python experiments/training/train_alternating.py \\
        experiments/configs/gray-q50-cpu.json --data PICTURES \\
        --validation PICTURES --run runs/gray-q50

A run can be stopped at any moment; the same command with --resume continues it, and
ends with the same weights. The run's folder holds its config, its log, a checkpoint,
the weights of each round, sample pictures (image, compact, restored, plain JPEG of the
same bytes), a plot and its rows. `experiments/training/release_pair.py` makes a preset
of it.

On JAX all devices of a machine share each batch. The devices of several machines do
too, where each machine runs the command with its own number; process 0 has the run's
folder:

    KERAS_BACKEND=jax python ... --processes 2 --address 10.0.0.1:4321 --process 0
    KERAS_BACKEND=jax python ... --processes 2 --address 10.0.0.1:4321 --process 1
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import training_script
from training_script import EXAMPLES, folder

from comrec.cli.console import spell

PAPER = Path(__file__).parents[1] / "configs" / "jiang2017-gray-q50.json"


def main() -> None:
    training_script.call(train, parse(sys.argv[1:]))


def parse(argv: list[str]) -> argparse.Namespace:
    parser = training_script.parser(__doc__)
    add = parser.add_argument
    add("config", type=Path, nargs="?", default=PAPER, help="JSON (default: paper's)")
    add("--data", type=folder, help="folder of training pictures")
    add("--validation", type=folder, help="folder of other pictures, to validate on")
    add("--every", type=int, default=1, metavar="N",
        help="take every N-th picture of --validation")  # fmt: skip
    training_script.add_run_options(parser)
    add("--rounds", type=int, metavar="N",
        help="train N rounds; beyond the config's rounds its last one is repeated",
    )  # fmt: skip
    add("--processes", type=int, default=1, metavar="N",
        help="N processes train together (JAX only)")  # fmt: skip
    add("--process", type=int, default=0, metavar="I",
        help="number of this process, from 0")  # fmt: skip
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

    # Bad pictures are refused before Keras is imported, which takes seconds.
    crops = load_crops(args.data, config.crop_px, config.channels)
    images = load_validation(args.validation, config.channels, args.every)

    training_script.warn_if_new(args)

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
            print(spell(err), file=sys.stderr)


if __name__ == "__main__":
    main()
