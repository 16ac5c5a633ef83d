"""Runs `comrec unpack`: gives packed JPEGs back, to the byte."""

from __future__ import annotations

import argparse
from functools import partial

from comrec.cli import console, describe
from comrec.cli.commands import batch
from comrec.cli.commands.pack import add_inputs, read_options

EXAMPLES = ("comrec unpack house.comrec.lep", "comrec unpack -r photos --replace")


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the inputs, their outputs, and what becomes of the inputs."""
    parser.description = "Give the .jpg files back that `comrec pack` packed."
    add_inputs(parser, ".lep files")


def run(args: argparse.Namespace) -> int:
    """Unpacks every input; returns 1 if one failed, else 0."""
    from comrec.apps.pack import pack

    work = partial(pack.unpack, options=read_options(args), send=console.send)
    return batch.run(args, work, describe.format_packed)
