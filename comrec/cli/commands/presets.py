"""`comrec presets`: the trained pairs there are."""

from __future__ import annotations

import argparse

from comrec.cli import console, describe


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="one preset in full")
    parser.add_argument("--verify", action="store_true", help="check the weights")
    parser.add_argument("--json", action="store_true", help="one object per preset")


def run(args: argparse.Namespace) -> int:
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
        out.row(row, describe.details, args.json)
    return 0
