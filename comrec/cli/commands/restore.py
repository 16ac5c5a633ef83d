"""Runs `comrec restore`: brings ordinary JPEGs closer to their originals."""

from __future__ import annotations

import argparse

from comrec.cli import arguments, describe, values
from comrec.cli.commands import batch
from comrec.cli.parser import group

EXAMPLES = (
    "comrec restore photo.jpg",
    "comrec restore photo.jpg -o photo.webp --strength 0.7",
    "comrec restore -r photos -o restored/ -j 2",
)


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the inputs and the options of restoring."""
    batch.add(
        parser,
        "ordinary JPEGs, folders (with -r), globs, or - for stdin",
    )
    networks = group(parser, "networks and limits")
    networks.add_argument(
        "--strength",
        type=values.share,
        default=1.0,
        metavar="0..1",
        help="share of the network's change that is taken (1)",
    )
    networks.add_argument(
        "-p",
        "--preset",
        metavar="PRESET",
        help="pair of networks: a name that `comrec presets` lists, or a folder",
    )
    arguments.add_restoring(parser)
    arguments.add_limits(parser)


def run(args: argparse.Namespace) -> int:
    """Restores every input; returns 1 if one failed, else 0."""
    from comrec.api.restore import load_codec
    from comrec.cli import files, jpegs
    from comrec.networks import presets

    codec = load_codec(
        args.preset or presets.DEFAULT,
        args.engine,
        arguments.threads(args.jobs),
        **arguments.restoring(args),
    )
    policy = files.OverwritePolicy(args.force, args.skip_existing)
    return batch.run(
        args,
        lambda job: jpegs.restore(job, codec, policy, args.strength, args.max_pixels),
        describe.format_lifted,
    )
