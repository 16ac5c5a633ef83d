"""Runs `comrec train`: trains networks of your own, and makes presets of them."""

from __future__ import annotations

import argparse
import logging
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from comrec.cli import console, values
from comrec.errors import UsageError

if TYPE_CHECKING:
    from comrec.train.run.request import TrainRequest

EXAMPLES = (
    "comrec train joint --quick --run try",
    "comrec train joint comrec-lite-2 --data PICTURES --run mine",
    "comrec train joint comrec-lite-2 --data PICTURES --run mine --resume",
    "comrec train export mine",
)
ALTERNATING, JOINT, AUTOENCODER = "alternating", "joint", "autoencoder"
# Action: default config, its kind of length, and what the help says.
ACTIONS = {
    ALTERNATING: (
        "jiang2017-gray-q50",
        "rounds",
        "train ComCNN and RecCNN in turn, as in the paper (one quality, half size)",
    ),
    JOINT: (
        "comrec-lite-2",
        "stages",
        "train a pair end to end (every quality and scale, colour)",
    ),
    AUTOENCODER: ("autoencoder-mnist-dense", "", "train an autoencoder for .crae"),
}
EXPORT = "export"
EXTRAS = {"jax": "jax", "torch": "torch"}


def add(parser: argparse.ArgumentParser) -> None:
    """Adds an action for each kind of network, and `export`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, (config, length, summary) in ACTIONS.items():
        action = actions.add_parser(
            name, help=summary, description=f"{summary[0].upper()}{summary[1:]}."
        )
        _add_run(action, config)
        if length:
            _add_pictures(action, length)
        else:
            action.add_argument(
                "--latent", type=values.number(1, 2**20), metavar="N",
                help="N latent values instead of the config's",
            )  # fmt: skip
        if name == ALTERNATING:
            _add_processes(action)
    summary = "make a preset of what a run has learned so far"
    export = actions.add_parser(
        EXPORT, help=summary, description=f"{summary[0].upper()}{summary[1:]}."
    )
    export.add_argument("run", type=Path, metavar="RUN", help="folder of the run")
    export.add_argument(
        "--name", default="", help="name of the preset (that of the folder)"
    )
    export.add_argument(
        "--round", type=values.number(0, 2**31), metavar="N",
        help="round of an alternating run (the best one)",
    )  # fmt: skip


def _add_run(parser: argparse.ArgumentParser, config: str) -> None:
    add = parser.add_argument
    add("config", nargs="?", default=config, metavar="CONFIG",
        help=f"JSON file, or the name of one of comrec's own ({config})")  # fmt: skip
    add(
        "--data",
        type=_folder,
        nargs="+",
        default=[],
        metavar="DIR",
        help="folders of pictures to train on, or the data set of an autoencoder",
    )
    add("--run", type=_folder, metavar="DIR", help="folder of the run (runs/CONFIG)")
    add("--resume", action="store_true", help="continue the run in that folder")
    add(
        "--set",
        action="append",
        default=[],
        metavar="SETTING=VALUE",
        help="replace a setting of the config, such as batch=8; may be repeated",
    )
    add("--minutes", type=values.positive, default=float("inf"), metavar="N",
        help="stop after N minutes; --resume continues")  # fmt: skip
    add(
        "--tensorboard",
        action="store_true",
        help="write event files for TensorBoard into the folder of the run",
    )
    add(
        "--quick",
        action="store_true",
        help="smoke test: train tiny networks for seconds; the result is of no use",
    )
    add("--dry-run", action="store_true", help="print the config and stop")


def _add_pictures(parser: argparse.ArgumentParser, length: str) -> None:
    add = parser.add_argument
    add(
        "--validation",
        type=_folder,
        nargs="+",
        default=[],
        metavar="DIR",
        help="folders of other pictures, to validate on (some of --data)",
    )
    add("--every", type=values.number(1, 2**31), metavar="N",
        help="take every N-th picture of --validation (all), or hold back every N-th "
        "of --data (10)")  # fmt: skip
    add(f"--{length}", dest="length", type=values.number(1, 2**31), metavar="N",
        help=f"train N {length}")  # fmt: skip


def _add_processes(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--processes", type=values.number(1, 2**16), default=1, metavar="N",
        help="N processes train together (JAX only)")  # fmt: skip
    add("--process", type=values.number(0, 2**16), default=0, metavar="I",
        help="number of this process, from 0")  # fmt: skip
    add("--address", default="", help="HOST:PORT, where process 0 listens")


def run(args: argparse.Namespace) -> int:
    """Trains or exports, and returns 0; 130 after Ctrl-C."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # hides TensorFlow's banner
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # and its advice
    try:
        return _export(args) if args.action == EXPORT else _train(args)
    except ImportError as err:
        library = (err.name or str(err)).partition(".")[0]
        raise UsageError(
            f"training needs {library}, which is not installed: pip install "
            f"comrec[{EXTRAS.get(library, 'train')}]"
        ) from err
    except KeyboardInterrupt:
        console.complain("stopped. Continue from the last epoch by `resume`")
        return 130


def _export(args: argparse.Namespace) -> int:
    # Keras on any other backend cannot export.
    os.environ["KERAS_BACKEND"] = "tensorflow"
    from comrec.apps.train.export import export

    preset = export(args.run, args.name, args.round)
    print(f"preset {preset.name}: comrec compress PICTURE -p {args.run}")
    return 0


def _train(args: argparse.Namespace) -> int:
    from comrec.train.run.request import OutOfTime

    asked = _request(args)
    if args.dry_run:
        print(_read_config(args, asked).dump(), end="")
        return 0
    if not (asked.data or asked.quick or args.action == AUTOENCODER):
        raise UsageError("no pictures to train on. Name folders of them by `data`")
    try:
        if args.action == ALTERNATING:
            from comrec.apps.train import alternating

            alternating.train(asked, console.complain)
        elif args.action == JOINT:
            from comrec.apps.train import joint

            joint.train(asked, console.complain)
        else:
            from comrec.apps.autoencoder import training

            training.train(asked, console.complain, args.latent)
    except OutOfTime as err:
        console.complain(err)
    return 0


def _request(args: argparse.Namespace) -> TrainRequest:
    """Returns what is asked of a run.

    Raises:
      UsageError: processes and address do not go together.
    """
    from comrec.train.run.request import TrainRequest

    stem = "quick" if args.quick else Path(args.config).stem
    asked = TrainRequest(
        config=args.config, folder=args.run or Path("runs") / stem, changes=args.set,
        data=args.data, resume=args.resume, minutes=args.minutes, quick=args.quick,
        tensorboard=args.tensorboard,
    )  # fmt: skip
    names = ("validation", "every", "length", "processes", "process", "address")
    given = {name: getattr(args, name) for name in names if hasattr(args, name)}
    asked = replace(asked, **given)
    host, _, port = asked.address.rpartition(":")
    is_address = host != "" and port.isdecimal() and 0 < int(port) < 2**16
    if is_address != (asked.processes > 1) or asked.process >= asked.processes:
        raise UsageError(
            "`processes` from 2 and `address` HOST:PORT go together, and `process` is "
            "less than `processes`"
        )
    return asked


def _read_config(args: argparse.Namespace, asked: TrainRequest) -> Any:
    """Returns the config with everything that is asked."""
    from comrec.apps.autoencoder import training
    from comrec.apps.train import alternating, joint

    if args.action == AUTOENCODER:
        return training.read_config(asked, args.latent)
    return (alternating if args.action == ALTERNATING else joint).read_config(asked)


def _folder(text: str) -> Path:
    """Parses a path, which is not empty, as from an unset variable of the shell."""
    if not text:
        raise argparse.ArgumentTypeError("must name a folder")
    return Path(text)
