"""Runs `comrec presets`: lists the trained pairs of networks."""

from __future__ import annotations

import argparse

from comrec.cli import console, describe


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the name of a preset, and the check."""
    parser.add_argument(
        "name", nargs="?", metavar="NAME", help="print this preset in full"
    )
    parser.add_argument(
        "--verify", action="store_true", help="check the hashes of the weights"
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object per preset"
    )


def run(args: argparse.Namespace) -> int:
    """Lists one preset or the released ones, and returns 0."""
    from comrec.networks import presets, weights

    chosen = [presets.find(args.name)] if args.name else presets.PRESETS.values()
    row: dict[str, object]
    out = console.Output()
    for preset in chosen:
        row = preset.row() if args.name else {preset.name: preset.summary}
        if args.verify:
            row |= {"verified": ", ".join(weights.verify(preset)) or "no weights"}
            if absent := weights.absent(preset):
                row |= {"not installed": ", ".join(absent)}
        out.row(row, describe.format_details, args.json)
    return 0
