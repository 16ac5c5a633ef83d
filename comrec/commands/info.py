"""`comrec info`: what a sidecar or a .jpg says."""

from __future__ import annotations

import argparse
from pathlib import Path

from comrec import console, wording


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help=".comrec.json or .jpg")
    parser.add_argument("--json", action="store_true", help="as one JSON object")


def run(args: argparse.Namespace) -> int:
    from comrec import inspection

    out = console.Output()
    row = inspection.describe(args.file)
    out.row(row, wording.details, args.json)
    return 0
