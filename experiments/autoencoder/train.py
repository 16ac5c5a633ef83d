"""Trains one of the autoencoder codecs.

Claim: with 196 values for 784 pixels a dense autoencoder restores MNIST's test digits
above 29.5 dB, where PCA of the same size reaches 28.0; a convolutional one with a dense
latent of 32 is above 22 dB, where PCA reaches 18.6
(`experiments/autoencoder/evaluate.py` writes the rows). Cost: between five minutes and
half an hour each on a CPU core.

    python experiments/autoencoder/train.py \\
        experiments/configs/autoencoder-mnist-dense.json --data MNIST --run runs/dense

--data takes a folder of MNIST's IDX files, the CIFAR-100 python archive, an .npz, or a
folder of pictures; without --data, Keras downloads the set that the config is named
after. Every tenth training picture is held back to validate on; test pictures are not
used.

A run can be stopped at any moment; the same command with --resume continues it, and
ends with the same weights. The run's folder holds its config, its log, a checkpoint, a
plot and its rows, and at the end model.npz for `comrec autoencoder compress -m`.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from comrec.cli.console import spell
from comrec.errors import ComrecError

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # hides the banner of TensorFlow
CONFIGS = Path(__file__).parents[1] / "configs"
QUICK = 64  # pictures


def main() -> None:
    args = parse(sys.argv[1:])
    try:
        train(args)
    except ComrecError as err:
        raise SystemExit(spell(err)) from None
    except KeyboardInterrupt:
        raise SystemExit("stopped. Continue from the last epoch by --resume") from None


def parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("config", type=Path, nargs="?", help="JSON (default: the dense one)",
        default=CONFIGS / "autoencoder-mnist-dense.json")  # fmt: skip
    add("--data", type=Path, help="data set (default: downloaded)")
    add("--run", type=Path, help="folder of the run (default: runs/CONFIG)")
    add("--resume", action="store_true", help="continue the run in that folder")
    add(
        "--latent",
        type=int,
        metavar="N",
        help="N latent values instead of the config's",
    )
    add(
        "--epochs",
        type=int,
        metavar="N",
        help="train N epochs, counting those before --resume",
    )
    add(
        "--minutes",
        type=float,
        default=float("inf"),
        metavar="N",
        help="stop after N minutes",
    )
    add("--quick", action="store_true", help="a tiny network, seconds, no data needed")
    add("--dry-run", action="store_true", help="print the resolved config and stop")
    args = parser.parse_args(argv)
    if not args.minutes >= 0 or (args.epochs is not None and args.epochs < 1):
        parser.error("--minutes is at least 0, --epochs at least 1")
    stem = f"{args.config.stem}-quick" if args.quick else args.config.stem
    args.run = args.run or Path("runs") / stem
    return args


def train(args: argparse.Namespace) -> None:
    from comrec.apps.autoencoder import data
    from comrec.apps.autoencoder.config import AutoencoderConfig

    config = AutoencoderConfig.load(args.config)
    if args.latent is not None:
        config = config.sized(args.latent)
    if args.epochs is not None:
        config = replace(config, epochs=args.epochs)
    if args.quick:
        config = config.quick()
    if args.dry_run:
        print(config.dump(), end="")
        return
    a = config.architecture
    if args.quick and not args.data:
        images = data.draw_strokes(QUICK, a.channels, a.size_px or (32, 32))
    else:
        name = "mnist" if a.channels == 1 else "cifar100"
        images = data.load(args.data or name, a.channels, a.size_px or (32, 32))
    if args.resume and not (args.run / "checkpoint.npz").exists():
        print(f"{args.run}: no run to resume. Starting a new one", file=sys.stderr)

    from comrec.apps.autoencoder.run import AutoencoderRun
    from comrec.apps.autoencoder.show import AutoencoderDisplay, draw
    from comrec.train.run.run import OutOfTime

    with AutoencoderDisplay() as show:
        run = AutoencoderRun(
            config, args.run, np.ascontiguousarray(images.train), images.validation,
            resume=args.resume, listener=show,
        )  # fmt: skip
        try:
            run.train(args.minutes * 60)
        except OutOfTime as err:
            print(spell(err), file=sys.stderr)
        else:
            run.finish(args.run / "model.npz")
            print(f"written: {args.run / 'model.npz'}")
        draw(args.run)


if __name__ == "__main__":
    main()
