"""`comrec decompress`: pictures back from what `compress` wrote."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from comrec.cli import arguments, describe, values
from comrec.cli.commands import batch
from comrec.errors import UsageError

if TYPE_CHECKING:
    from comrec.cli.files import DecodeOptions


def add(parser: argparse.ArgumentParser) -> None:
    batch.add(parser, "the .jpg files that compress wrote, folders, globs, or -")
    add_lost_sidecar(parser)
    arguments.add_restoring(parser)


def run(args: argparse.Namespace) -> int:
    from comrec.cli import files

    how = reading(args)
    writing = files.OverwritePolicy(args.force, args.skip_existing)
    return batch.run(
        args, lambda job: files.decompress(job, how, writing), describe.restored
    )


def add_lost_sidecar(parser: argparse.ArgumentParser) -> None:
    """Adds the options for a .jpg whose sidecar is elsewhere, or lost."""
    parser.add_argument(
        "-p", "--preset", metavar="DIR", help="folder of a preset of your own"
    )
    parser.add_argument(
        "--sidecar", type=Path, metavar="FILE", help="when it is not beside the .jpg"
    )
    parser.add_argument("--assume", metavar="PRESET", help="when the sidecar is lost")
    parser.add_argument(
        "--size", type=values.size, metavar="WxH", help="of the image, with --assume"
    )
    parser.add_argument(
        "--scale",
        type=values.positive,
        metavar="N",
        help="with --assume, where a tiny picture leaves it open",
    )


def reading(args: argparse.Namespace) -> DecodeOptions:
    """What was typed, where it makes sense.

    Raises:
      UsageError: options that do not go together.
    """
    from comrec.cli.files import DecodeOptions
    from comrec.networks import presets

    for name in filter(None, (args.preset, args.assume)):
        presets.find(name)  # from here on the name of a folder's preset is known
    if (args.assume is None) != (args.size is None):
        raise UsageError("--assume PRESET and --size WxH go together")
    if args.scale and args.assume is None:
        raise UsageError("--scale goes with --assume PRESET and --size WxH")
    if args.sidecar and (args.assume or len(args.inputs) > 1):
        raise UsageError("--sidecar goes with one .jpg, and without --assume")
    return DecodeOptions(
        sidecar=args.sidecar,
        assume=args.assume,
        size=args.size,
        scale=args.scale,
        max_pixels=args.max_pixels,
        engine=args.engine,
        threads=arguments.threads(args.jobs),
        **arguments.restoring(args),
    )
