"""`comrec autoencoder`: .crae files, by the autoencoder codecs."""

from __future__ import annotations

import argparse
from pathlib import Path

from comrec.cli import arguments, console, describe, values


def add(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    compress = actions.add_parser("compress", help="a picture to a .crae")
    decompress = actions.add_parser("decompress", help="and back")
    models = actions.add_parser("models", help="the trained autoencoders there are")
    compress.add_argument("input", type=Path, metavar="IMAGE")
    compress.add_argument("-o", "--output", metavar="X.crae", help="where to")
    compress.add_argument(
        "-m", "--model", default="cifar100-conv",
        help="one of `comrec autoencoder models`, or the model.npz of a training run "
        "(cifar100-conv: RGB pictures of any size)",
    )  # fmt: skip
    compress.add_argument(
        "--bits", type=values.number(1, 8), default=8, metavar="1..8",
        help="of each latent value, before entropy coding (8)",
    )  # fmt: skip
    decompress.add_argument("input", type=Path, metavar="X.crae")
    decompress.add_argument("-o", "--output", metavar="X.png", help="where to")
    decompress.add_argument(
        "-m", "--model", default="", help="the model.npz, where it is one of your own"
    )
    for action in (compress, decompress):
        action.add_argument(
            "-f", "--force", action="store_true", help="replace comrec's own outputs"
        )
        arguments.add_max_pixels(action)
    for action in (compress, decompress, models):
        action.add_argument("--json", action="store_true", help="as one JSON object")
        action.add_argument("--quiet", action="store_true", help="errors only")


def run(args: argparse.Namespace) -> int:
    from comrec.apps.autoencoder import command

    out = console.Output(quiet=args.quiet)
    if args.action == "models":
        for row in command.list_models():
            out.row(row, describe.details, args.json)
        return 0
    if args.action == "compress":
        row = command.compress(
            args.input, args.output, args.model, args.bits, args.force, args.max_pixels
        )
        for note in row.pop("notes"):  # type: ignore[attr-defined]
            out.warn(f"{args.input}: {note}")
        out.row(row, command.describe_compressed, args.json)
        return 0
    row = command.decompress(
        args.input, args.output, args.model, args.force, args.max_pixels
    )
    out.row(row, command.describe_restored, args.json)
    return 0
