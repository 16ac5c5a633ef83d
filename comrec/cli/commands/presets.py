"""Runs `comrec presets`: lists the trained pairs of networks."""

from __future__ import annotations

import argparse
import re
import textwrap
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
        out.print_row(row, _describe_one if args.name else _describe, args.json)
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


def _describe_one(row: console.Row) -> str:
    """Returns the lines of a preset in full."""
    shown = {k: v for k, v in row.items() if k != "default"}
    return describe.format_details(shown)


def _describe(row: console.Row) -> str:
    """Returns the lines of a preset in the list: its name, then the others indented."""
    name, *others = row
    head = f"{name} (the default)" if row.get("default") else name
    said = [str(row[name])]
    said += [f"{other}: {row[other]}" for other in others if other != "default"]
    return "\n".join([head, *(_indent(text) for text in said)])


def _indent(text: str) -> str:
    return textwrap.fill(
        text, 79, initial_indent="  ", subsequent_indent="  ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
