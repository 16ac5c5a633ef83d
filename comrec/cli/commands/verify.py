"""`comrec verify`: whether a picture comes back, and how close it is."""

from __future__ import annotations

import argparse
from pathlib import Path

from comrec.cli import arguments, describe
from comrec.cli.commands import batch, decompress
from comrec.errors import UsageError


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("inputs", nargs="+", metavar="JPG")
    parser.add_argument(
        "--original", type=Path, metavar="FILE", help="the picture it was made from"
    )
    decompress.add_lost_sidecar(parser)
    arguments.add_limits(parser)
    parser.set_defaults(jobs=1)


def run(args: argparse.Namespace) -> int:
    from comrec.cli import files

    if args.original and len(args.inputs) > 1:
        raise UsageError("--original goes with one .jpg")
    reading = decompress.reading(args)
    args.output, args.recursive = None, False
    return batch.run(
        args, lambda job: files.verify(job, reading, args.original), describe.verified
    )
