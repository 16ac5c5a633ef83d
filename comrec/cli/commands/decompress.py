"""Runs `comrec decompress`: restores the pictures that `compress` wrote."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from comrec.cli import arguments, describe, values
from comrec.cli.commands import batch
from comrec.cli.parser import group
from comrec.errors import UsageError

if TYPE_CHECKING:
    from comrec.cli.files import DecodeOptions

EXAMPLES = (
    "comrec decompress photo.comrec.jpg",
    "comrec decompress *.comrec.jpg -o restored/",
    "comrec decompress photo.comrec.json -o photo.webp",
    "comrec decompress lost.jpg --assume comrec-base-3 --size 640x480",
)


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the inputs and the decode options."""
    batch.add(
        parser,
        ".jpg files that compress wrote, packed ones (.lep), their sidecars, folders "
        "(with -r), globs, or - for stdin",
    )
    arguments.add_limits(parser)
    add_lost_sidecar(parser)
    arguments.add_restoring(parser)


def run(args: argparse.Namespace) -> int:
    """Restores every input; returns 1 if one failed, else 0."""
    from comrec.cli import files

    options = decode_options(args)
    policy = files.OverwritePolicy(args.force, args.skip_existing)
    return batch.run(
        args,
        lambda job: files.decompress(job, options, policy),
        describe.format_restored,
    )


def add_lost_sidecar(parser: argparse.ArgumentParser) -> None:
    """Adds the options for a .jpg whose sidecar is elsewhere, or lost."""
    pairs = group(parser, "pairs")
    arguments.add_presets(pairs)
    pairs.add_argument(
        "--sidecar",
        type=Path,
        metavar="FILE",
        help="sidecar that is not beside the .jpg",
    )
    pairs.add_argument(
        "--assume", metavar="PRESET", help="preset, where the sidecar is lost"
    )
    pairs.add_argument(
        "--size",
        type=values.size,
        metavar="WxH",
        help="size of the image, with --assume",
    )
    pairs.add_argument(
        "--scale",
        type=values.positive,
        metavar="N",
        help="scale, with --assume, where a tiny picture fits two scales",
    )


def decode_options(args: argparse.Namespace) -> DecodeOptions:
    """Returns the options of decompression that were typed.

    Raises:
      UsageError: no such preset, or options that exclude each other.
    """
    from comrec.cli.files import DecodeOptions
    from comrec.networks import presets

    presets.add_folders(args.presets)
    if args.assume:
        presets.find(args.assume)
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
