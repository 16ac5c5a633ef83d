"""`comrec compress`: pictures, each to a .jpg and its sidecar."""

from __future__ import annotations

import argparse

from comrec.cli import arguments, describe
from comrec.cli.commands import batch


def add(parser: argparse.ArgumentParser) -> None:
    batch.add(parser, "pictures, folders (with -r), globs, or - for stdin")
    arguments.add_encoding(parser)
    parser.add_argument(
        "--dry-run", action="store_true", help="do all the work, write nothing"
    )


def run(args: argparse.Namespace) -> int:
    from comrec.cli import files

    options = arguments.options(args)
    writing = files.OverwritePolicy(args.force, args.skip_existing, args.dry_run)
    return batch.run(
        args, lambda job: files.compress(job, options, writing), describe.compressed
    )
