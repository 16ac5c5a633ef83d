"""Runs `comrec help`: prints the help of comrec or of one command."""

from __future__ import annotations

import argparse


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the words of the command that is asked about."""
    parser.add_argument(
        "topic",
        nargs="*",
        metavar="COMMAND",
        help="command to explain (all)",
    )


def run(args: argparse.Namespace) -> int:
    """Prints the help, and returns 0; exits with 2 for an unknown command."""
    from comrec.cli.main import parser

    try:
        parser().parse_args([*args.topic, "--help"])
    except SystemExit as stopped:
        return int(stopped.code or 0)
    return 0
