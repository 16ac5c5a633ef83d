"""Runs `comrec compress`: compresses pictures, each to a .jpg and a sidecar."""

from __future__ import annotations

import argparse

from comrec.cli import arguments, describe
from comrec.cli.commands import batch
from comrec.cli.parser import group

EXAMPLES = (
    "comrec compress photo.png",
    "comrec compress -q 25 *.jpg -o small/",
    "comrec compress --target-size 100k photo.tif",
    "comrec compress -r photos -o small/ -j 2 --skip-existing",
    "comrec compress - --embed -o - < photo.png > photo.comrec.jpg",
)


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the inputs and the encode options."""
    batch.add(parser, "pictures, folders (with -r), globs, or - for stdin")
    arguments.add_limits(parser)
    arguments.add_encoding(parser)
    group(parser, "output").add_argument(
        "--dry-run", action="store_true", help="print the results without writing files"
    )


def run(args: argparse.Namespace) -> int:
    """Compresses every input; returns 1 if one failed, else 0."""
    from comrec.cli import files
    from comrec.networks import presets

    options = arguments.options(args)
    has_networks = presets.find(options.preset).has_networks
    policy = files.OverwritePolicy(args.force, args.skip_existing, args.dry_run)
    return batch.run(
        args,
        lambda job: files.compress(job, options, policy),
        lambda row: describe.format_compressed(row, has_networks),
    )
