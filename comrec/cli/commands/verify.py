"""Runs `comrec verify`: restores pictures, and compares them with the originals."""

from __future__ import annotations

import argparse
from pathlib import Path

from comrec.cli import arguments, describe
from comrec.cli.commands import batch, decompress
from comrec.errors import UsageError

EXAMPLES = (
    "comrec verify photo.comrec.jpg",
    "comrec verify photo.comrec.jpg --original photo.png",
)


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the inputs, the original and the decode options."""
    parser.add_argument(
        "inputs", nargs="+", metavar="JPG",
        help=".jpg files that compress wrote, or packed ones (.lep)",
    )  # fmt: skip
    parser.add_argument(
        "--original",
        type=Path,
        metavar="FILE",
        help="picture that the .jpg was made from",
    )
    decompress.add_lost_sidecar(parser)
    arguments.add_limits(parser)
    parser.set_defaults(jobs=1)


def run(args: argparse.Namespace) -> int:
    """Verifies every input; returns 1 if one failed, else 0."""
    from comrec.cli import files

    if args.original and len(args.inputs) > 1:
        raise UsageError("--original goes with one .jpg")
    options = decompress.decode_options(args)
    args.output, args.recursive = None, False
    return batch.run(
        args,
        lambda job: files.verify(job, options, args.original),
        describe.format_verified,
    )
