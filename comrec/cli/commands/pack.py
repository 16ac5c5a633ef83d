"""Runs `comrec pack`: packs JPEGs without loss for storage."""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING

from comrec.cli import arguments, console, describe
from comrec.cli.commands import batch
from comrec.cli.parser import group
from comrec.errors import UsageError

if TYPE_CHECKING:
    from comrec.apps.pack.pack import PackOptions

EXAMPLES = (
    "comrec pack house.comrec.jpg",
    "comrec pack -r photos --replace",
    "comrec pack -r photos -o packed/",
)


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the inputs, their outputs, and what becomes of the inputs."""
    parser.description = (
        "Pack .jpg files, comrec's or any other, without loss: Lepton's format,\n"
        ".lep. Each is unpacked and compared before it is written. Sidecars stay\n"
        "as they are."
    )
    add_inputs(parser, ".jpg files")


def add_inputs(parser: argparse.ArgumentParser, kind: str) -> None:
    """Adds what `pack` and `unpack` share."""
    batch.add(parser, f"{kind}, folders (with -r), globs, or - for stdin")
    group(parser, "output").add_argument(
        "--replace", action="store_true",
        help="remove each input once its output is on the disk",
    )  # fmt: skip
    arguments.add_max_pixels(parser)
    arguments.add_forms(parser)


def run(args: argparse.Namespace) -> int:
    """Packs every input; returns 1 if one failed, else 0."""
    from comrec.apps.pack import pack

    work = partial(pack.pack, options=read_options(args), send=console.send)
    return batch.run(args, work, describe.format_packed)


def read_options(args: argparse.Namespace) -> PackOptions:
    """Returns the options that were typed.

    Raises:
      UsageError: options exclude each other, or the Lepton library is not installed.
    """
    from comrec.apps.pack.pack import PackOptions
    from comrec.jpeg import lepton

    if args.replace and args.output is not None:
        raise UsageError("--replace puts outputs in the place of inputs. Leave out -o")
    lepton.require()
    return PackOptions(args.max_pixels, args.force, args.skip_existing, args.replace)
