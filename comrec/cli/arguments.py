"""Adds the options that several commands share to their parsers, and reads them."""

from __future__ import annotations

import argparse
from typing import Any, NoReturn

from comrec.cli import values
from comrec.cli.console import printable
from comrec.encoder.options import TARGETS, Options
from comrec.networks.engine import ENGINES
from comrec.system.checks import MAX_PIXELS
from comrec.system.options import Choice, Flag, Option, Positive, Whole, describe

# Encode options by the groups in which commands take them.
CHOICES = ("tune", "effort", "scale")
FILES = ("embed", "metadata")
# What belongs to one direction alone.
ENCODE = ("preset", *TARGETS, *CHOICES, *FILES)
DECODE = ("exact", "memory")
MEMORY_MB = 1024


class Parser(argparse.ArgumentParser):
    """Reports errors with control characters made harmless."""

    def error(self, message: str) -> NoReturn:
        super().error(printable(message))


def add_encoding(parser: argparse.ArgumentParser) -> None:
    """Adds every option that decides how pictures become .jpg files."""
    add_encoder_choices(parser)
    for name in FILES:
        add_option(parser, name)


def add_encoder_choices(parser: argparse.ArgumentParser) -> None:
    """Adds the preset, the targets and the options that decide about size."""
    add_option(parser, "preset")
    targets = parser.add_mutually_exclusive_group()
    for name in TARGETS:
        add_option(targets, name)
    for name in CHOICES:
        add_option(parser, name)


def add_option(parser: argparse._ActionsContainer, name: str) -> None:
    """Adds one encode option. What is not typed does not become an attribute."""
    described = describe(Options)[name]
    flags = [f"-{described.letter}"] if described.letter else []
    parser.add_argument(
        *flags, f"--{name.replace('_', '-')}", dest=name, default=argparse.SUPPRESS,
        help=described.help.replace("%", "%%"), **_value(name, described),
    )  # fmt: skip


def _value(name: str, described: Option) -> dict[str, Any]:
    """Returns the arguments of argparse that say which values are legal."""
    kind, metavar = described.kind, described.metavar or None
    if isinstance(kind, Flag):
        return {"action": "store_true"}
    if isinstance(kind, Whole) and kind.high is not None:
        metavar = metavar or f"{kind.low}..{kind.high}"
        return {"type": values.number(kind.low, kind.high), "metavar": metavar}
    if isinstance(kind, Positive):
        return {"type": values.positive, "metavar": metavar}
    if isinstance(kind, Choice):
        return {"choices": kind.values()}
    return {"type": values.scale if name == "scale" else str, "metavar": metavar}


def add_restoring(parser: argparse.ArgumentParser) -> None:
    """Adds the options that decide how the networks restore pictures."""
    parser.add_argument(
        "--exact",
        action="store_true",
        default=argparse.SUPPRESS,
        help="float32 arithmetic, whatever the engine",
    )
    parser.add_argument(
        "--memory",
        type=values.number(64, 10**6),
        default=argparse.SUPPRESS,
        metavar="MB",
        help=f"working memory of the networks ({MEMORY_MB})",
    )


def add_limits(parser: argparse.ArgumentParser) -> None:
    """Adds the size limit, the engine, and the forms of output."""
    add_max_pixels(parser)
    parser.add_argument(
        "--engine",
        default="auto",
        choices=ENGINES,
        help=describe(Options)["engine"].help,
    )
    parser.add_argument(
        "--json", action="store_true", help="one object per input on stdout"
    )
    parser.add_argument("--quiet", action="store_true", help="print errors only")


def add_max_pixels(parser: argparse.ArgumentParser) -> None:
    """Adds the size limit."""
    parser.add_argument(
        "--max-pixels",
        type=values.number(1, 2**40),
        metavar="N",
        default=MAX_PIXELS,
        help=describe(Options)["max_pixels"].help,
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
        "memory_mb": getattr(args, "memory", MEMORY_MB),
    }


def threads(at_once: int) -> int:
    """Returns the cores for one of several files at a time; 0 stands for all."""
    from comrec.system import cores

    return 0 if at_once == 1 else max(cores.available() // at_once, 1)
