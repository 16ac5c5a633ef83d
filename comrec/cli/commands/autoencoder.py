"""Runs `comrec autoencoder`: compresses to .crae files, and restores them."""

from __future__ import annotations

import argparse
from pathlib import Path

from comrec.cli import arguments, console, describe, values

EXAMPLES = (
    "comrec autoencoder compress photo.png",
    "comrec autoencoder models",
)


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the actions `compress`, `decompress` and `models`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    compress, decompress, models = (
        actions.add_parser(
            name, help=summary, description=f"{summary[0].upper()}{summary[1:]}."
        )
        for name, summary in (
            ("compress", "compress a picture to a .crae"),
            ("decompress", "restore a .crae"),
            ("models", "list the trained autoencoders"),
        )
    )
    compress.add_argument("input", type=Path, metavar="IMAGE", help="picture")
    compress.add_argument(
        "-o", "--output", metavar="X.crae", help="output file or folder"
    )
    compress.add_argument(
        "-m", "--model", default="cifar100-conv",
        help="name that `comrec autoencoder models` lists, or the model.npz of a "
        "training run (cifar100-conv: for RGB pictures of any size)",
    )  # fmt: skip
    compress.add_argument(
        "--bits", type=values.number(1, 8), default=8, metavar="1..8",
        help="bits per latent value before entropy coding (8)",
    )  # fmt: skip
    decompress.add_argument("input", type=Path, metavar="X.crae", help=".crae file")
    decompress.add_argument(
        "-o", "--output", metavar="X.png", help="output file or folder"
    )
    decompress.add_argument(
        "-m",
        "--model",
        default="",
        help="model.npz of your own, for files compressed with it",
    )
    for action in (compress, decompress):
        action.add_argument(
            "-f",
            "--force",
            action="store_true",
            help="replace outputs that comrec wrote",
        )
        arguments.add_max_pixels(action)
    for action in (compress, decompress, models):
        action.add_argument("--json", action="store_true", help="print JSON objects")
        action.add_argument("--quiet", action="store_true", help="print errors only")


def run(args: argparse.Namespace) -> int:
    """Runs one action, and returns 0."""
    from comrec.apps.autoencoder import command

    out = console.Output(quiet=args.quiet)
    if args.action == "models":
        for row in command.list_models():
            out.print_row(row, describe.format_details, args.json)
        return 0
    if args.action == "compress":
        row = command.compress(
            args.input, args.output, args.model, args.bits, args.force, args.max_pixels
        )
        for note in row.pop("notes"):  # type: ignore[attr-defined]
            out.warn(f"{args.input}: {note}")
        out.print_row(row, command.describe_compressed, args.json)
        return 0
    row = command.decompress(
        args.input, args.output, args.model, args.force, args.max_pixels
    )
    out.print_row(row, command.describe_restored, args.json)
    return 0
