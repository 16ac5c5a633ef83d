"""Runs `comrec info`: describes a sidecar or a .jpg."""

from __future__ import annotations

import argparse
from pathlib import Path

from comrec.cli import arguments, console, describe

EXAMPLES = (
    "comrec info photo.comrec.json",
    "comrec info photo.comrec.jpg --json",
)


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the file."""
    parser.add_argument(
        "file", type=Path, metavar="FILE", help=".comrec.json, .jpg or .lep"
    )
    arguments.add_presets(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Describes the file, and returns 0."""
    from comrec.format import inspect
    from comrec.networks import presets

    presets.add_folders(args.presets)
    out = console.Output()
    row = inspect.describe(args.file)
    out.print_row(row, describe.format_details, args.json)
    return 0
