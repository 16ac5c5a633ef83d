"""`comrec info`: what a sidecar or a .jpg says."""

from __future__ import annotations

import argparse
from pathlib import Path

from comrec.cli import console, describe


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help=".comrec.json or .jpg")
    parser.add_argument("--json", action="store_true", help="as one JSON object")


def run(args: argparse.Namespace) -> int:
    from comrec.format import inspect

    out = console.Output()
    row = inspect.describe(args.file)
    out.row(row, describe.details, args.json)
    return 0
