"""Adds the options that several commands share to their parsers, and reads them."""

from __future__ import annotations

import argparse
from typing import Any

from comrec.cli import values
from comrec.cli.console import spell
from comrec.cli.parser import group
from comrec.encoder.options import TARGETS, Options
from comrec.networks.engine import ENGINES
from comrec.system.checks import MAX_PIXELS
from comrec.system.options import Choice, Flag, Option, Positive, Whole, describe

# Encode options by the groups in which commands take them.
CHOICES = ("tune", "effort", "scale")
FILES = ("embed", "metadata")
# Options that one direction alone has.
ENCODE = ("preset", *TARGETS, *CHOICES, *FILES)
DECODE = ("exact", "memory_mb")
MEMORY_MB = 1024  # as `networks.codec.MEMORY_MB`, whose module takes long to load


def add_encoding(parser: argparse.ArgumentParser) -> None:
    """Adds every option that decides how pictures become .jpg files."""
    add_encoder_choices(parser)
    for name in FILES:
        add_option(group(parser, "files"), name)


def add_encoder_choices(parser: argparse.ArgumentParser) -> None:
    """Adds the preset, the targets and the options that decide about size."""
    encoding = group(parser, "encoding")
    add_option(encoding, "preset")
    # `Options` refuses two targets. As a group of argparse that excludes, the targets
    # would be a line of the usage that is wider than a terminal.
    targets = parser.add_argument_group("target, at most one")
    for name in TARGETS:
        add_option(targets, name)
    for name in CHOICES:
        add_option(encoding, name)


def add_option(parser: argparse._ActionsContainer, name: str) -> None:
    """Adds one encode option, which is an attribute only where it is typed."""
    described = describe(Options)[name]
    flags = [f"-{described.letter}"] if described.letter else []
    parser.add_argument(
        *flags, spell(f"`{name}`"), dest=name, default=argparse.SUPPRESS,
        help=_help(name), **_value(name, described),
    )  # fmt: skip


def _help(name: str) -> str:
    """Returns the help of an encode option, with options spelled as they are typed."""
    more = "; 10k, 1.5MB and 64KiB are sizes too" if name == "target_size" else ""
    return spell(describe(Options)[name].help).replace("%", "%%") + more


def _value(name: str, described: Option) -> dict[str, Any]:
    """Returns the arguments of argparse that describe the legal values."""
    kind, metavar = described.kind, described.metavar or None
    if isinstance(kind, Flag):
        return {"action": "store_true"}
    if name == "target_size":
        return {"type": values.size_in_bytes, "metavar": metavar}
    if isinstance(kind, Whole) and kind.high is not None:
        metavar = metavar or f"{kind.low}..{kind.high}"
        return {"type": values.number(kind.low, kind.high), "metavar": metavar}
    if isinstance(kind, Positive):
        return {"type": values.positive, "metavar": metavar}
    if isinstance(kind, Choice):
        return {"choices": kind.values()}
    return {"type": values.scale if name == "scale" else str, "metavar": metavar}


def add_presets(parser: argparse._ActionsContainer) -> None:
    """Adds the folders of presets that sidecars name."""
    parser.add_argument(
        "-p",
        "--presets",
        action="append",
        metavar="DIR",
        help="folder of your own preset, or of several, for pictures compressed with "
        "them; may be repeated (more folders: the variable COMREC_PRESETS)",
    )


def add_restoring(parser: argparse.ArgumentParser) -> None:
    """Adds the options that decide how the networks restore pictures."""
    networks = group(parser, "networks and limits")
    networks.add_argument(
        "--exact",
        action="store_true",
        default=argparse.SUPPRESS,
        help="compute in float32 with every engine",
    )
    networks.add_argument(
        "--memory",
        dest="memory_mb",
        type=values.number(64, 10**6),
        default=argparse.SUPPRESS,
        metavar="MB",
        help=f"limit on the working memory of the networks ({MEMORY_MB})",
    )


def add_limits(parser: argparse.ArgumentParser) -> None:
    """Adds the size limit, the engine, and the forms of output."""
    limits = group(parser, "networks and limits")
    add_max_pixels(limits)
    limits.add_argument(
        "--engine", default="auto", choices=ENGINES, help=_help("engine")
    )
    add_forms(parser)


def add_forms(parser: argparse.ArgumentParser) -> None:
    """Adds the forms of output."""
    output = group(parser, "output")
    output.add_argument(
        "--json", action="store_true", help="print one JSON object per input"
    )
    output.add_argument("--quiet", action="store_true", help="print errors only")


def add_max_pixels(parser: argparse._ActionsContainer) -> None:
    """Adds the size limit."""
    parser.add_argument(
        "--max-pixels",
        type=values.number(1, 2**40),
        metavar="N",
        default=MAX_PIXELS,
        help=_help("max_pixels"),
    )


def options(args: argparse.Namespace, **others: Any) -> Options:
    """Returns the encode options that were typed, or named here; defaults elsewhere."""
    typed = {name: value for name, value in vars(args).items() if name in ENCODE}
    common = {"max_pixels": args.max_pixels, "engine": args.engine}
    return Options(**common | {"threads": threads(args.jobs or 1)} | typed | others)


def restoring(args: argparse.Namespace) -> dict[str, Any]:
    """Returns `exact` and `memory_mb` as they were typed, or their defaults."""
    return {
        "exact": getattr(args, "exact", False),
        "memory_mb": getattr(args, "memory_mb", MEMORY_MB),
    }


def threads(at_once: int) -> int:
    """Returns the cores for each of several files at a time; 0 stands for all."""
    from comrec.system import cores

    return 0 if at_once == 1 else max(cores.available() // at_once, 1)
