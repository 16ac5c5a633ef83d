"""Runs `comrec presets`: lists the trained pairs of networks."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable

from comrec.cli import console, describe
from comrec.errors import UsageError

EXAMPLES = (
    "comrec presets",
    "comrec presets comrec-lite-2",
    "comrec presets --all --verify",
)
_NUMBERED = re.compile(r"(.+?)(?:-(\d+))?")


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the name of a preset, and the check."""
    parser.add_argument(
        "name", nargs="?", metavar="NAME", help="print this preset in full"
    )
    parser.add_argument(
        "--all",
        action="store_true",
        help="list superseded presets too, which restore older files",
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

    if args.name and args.all:
        raise UsageError("--all goes without the name of a preset")
    newer = superseded(presets.PRESETS)
    chosen = list(presets.PRESETS.values())
    if args.name:
        chosen = [presets.find(args.name)]
    elif not args.all:
        chosen = [each for each in chosen if each.name not in newer]
    row: dict[str, object]
    out = console.Output()
    for preset in chosen:
        row = preset.row() if args.name else {preset.name: preset.summary}
        if preset.name == presets.DEFAULT:
            row |= {"default": True}
        if preset.name in newer:
            row |= {"superseded by": newer[preset.name]}
        if args.verify:
            row |= {"verified": ", ".join(weights.verify(preset)) or "no weights"}
            if absent := weights.absent(preset):
                row |= {"not installed": ", ".join(absent)}
        out.print_row(row, _describe, args.json)
    if not args.name and not args.all and not args.json:
        out.say(f"{len(newer)} superseded presets: add --all")
    return 0


def superseded(names: Iterable[str]) -> dict[str, str]:
    """Returns the newest name of each preset that has a newer one, such as NAME-2."""
    versions: dict[str, list[tuple[int, str]]] = {}
    for name in names:
        found = _NUMBERED.fullmatch(name)
        assert found  # matches every name
        versions.setdefault(found[1], []).append((int(found[2] or 1), name))
    return {
        name: max(group)[1]
        for group in versions.values()
        for _, name in group
        if name != max(group)[1]
    }


def _describe(row: console.Row) -> str:
    """Returns the lines of a preset, with the default marked in its first line."""
    name = next(iter(row))
    shown = {k: v for k, v in row.items() if k != "default"}
    if row.get("default"):
        shown[name] = f"{row[name]} (the default)"
    return describe.format_details(shown)
