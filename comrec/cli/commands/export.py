"""Runs `comrec export`: exports networks for web pages or as ONNX files."""

from __future__ import annotations

import argparse
from pathlib import Path

from comrec.cli import console

BITS = {"auto": None, "8": 8, "16": 16, "32": 32}

EXAMPLES = ("comrec export comrec-lite-2 --web networks",)


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the preset and the form of the networks."""
    parser.add_argument(
        "preset",
        metavar="PRESET",
        help="name that `comrec presets` lists, or a folder",
    )
    kind = parser.add_mutually_exclusive_group(required=True)
    kind.add_argument(
        "--web", type=Path, metavar="DIR", help="write RecCNN in the form for web pages"
    )
    kind.add_argument(
        "--onnx", type=Path, metavar="DIR", help="write both networks as ONNX files"
    )
    parser.add_argument(
        "--bits",
        choices=BITS,
        help="bits per weight, with --web (auto: the fewest of 8, 16 and 32 that "
        "change no pixel by half a grey level)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quiet", action="store_true", help="print errors only")


def run(args: argparse.Namespace) -> int:
    """Exports the networks of a preset, and returns 0."""
    from comrec.apps.web import export
    from comrec.errors import UsageError
    from comrec.networks import presets

    if args.onnx and args.bits:
        raise UsageError("--bits goes with --web. ONNX files are float32: leave it out")
    preset = presets.find(args.preset)
    out = console.Output(quiet=args.quiet)
    if args.onnx:
        row = export.onnx(preset, args.onnx)
    else:
        row = export.web(preset, args.web, BITS[args.bits or "auto"])
    out.print_row(row, export.describe, args.json)
    return 0
