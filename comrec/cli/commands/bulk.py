"""Runs `comrec bulk`: compresses, restores or packs a folder or bucket."""

from __future__ import annotations

import argparse
import os
from contextlib import closing
from typing import TYPE_CHECKING

from comrec.cli import arguments, console, values
from comrec.errors import UsageError

if TYPE_CHECKING:
    from comrec.apps.bulk.worker import Packing, Restoring
    from comrec.encoder.options import Options

SOME_FAILED = 3  # exit status of a complete run; one that stopped has 1
SHOWN = 20  # failures that are printed; the manifest has all

EXAMPLES = (
    "comrec bulk photos small",
    "comrec bulk s3://bucket/photos s3://bucket/small --shard 0/4",
    "comrec bulk --decompress small restored",
)

STATUSES = (
    "exit status: 0, all pictures are done; 3, all but those that failed; 1, the run\n"
    "stopped; 2, the request is illegal; 130, Ctrl-C"
)


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the places, the workers and the options of both directions."""
    parser.epilog = f"{parser.epilog}\n\n{STATUSES}"
    option = parser.add_argument
    option("source", metavar="SRC",
        help="folder, URL (s3://bucket/photos), or a glob in either")  # fmt: skip
    option("destination", metavar="DST", help="folder or URL; gets the tree of SRC")
    directions = parser.add_mutually_exclusive_group()
    directions.add_argument("--decompress", action="store_true",
        help="restore the pictures that compress or bulk wrote")  # fmt: skip
    directions.add_argument("--pack", action="store_true",
        help="pack .jpg files, and copy their sidecars")  # fmt: skip
    option("-j", "--jobs", type=values.number(1, 256), metavar="N",
        help="number of workers (one per core)")  # fmt: skip
    option("--threads", type=values.number(1, 256), metavar="N",
        help="cores per worker (an equal share; 1 with --scheduler)")  # fmt: skip
    option("--shard", type=values.shard, default=(0, 1), metavar="I/N",
        help="process part I of N, from 0; each part is a run of its own")  # fmt: skip
    option("--runner", choices=("local", "dask"), default="local",
        help="run processes, or Dask workers on this machine (local)")  # fmt: skip
    option(
        "--scheduler",
        metavar="tcp://HOST:PORT",
        help="scheduler of running Dask workers",
    )
    option("--manifest", metavar="PLACE",
        help="folder or URL of the manifest (DST/comrec-manifest)")  # fmt: skip
    option("--status", action="store_true",
        help="print the counts of the manifest, of all parts, and stop")  # fmt: skip
    option("-f", "--force", action="store_true",
        help="write to a DST that another command or SRC has filled")  # fmt: skip
    option("--presets", action="append", metavar="DIR",
        help="folder of your own preset, or of several, with --decompress; may be "
        "repeated (more folders: the variable COMREC_PRESETS)")  # fmt: skip
    arguments.add_encoding(parser)
    arguments.add_restoring(parser)
    arguments.add_limits(parser)


def run(args: argparse.Namespace) -> int:
    """Runs or counts all pictures; returns SOME_FAILED if one failed, else 0."""
    from comrec.apps.bulk import command, manifest
    from comrec.system import cores

    out = console.Output(quiet=args.quiet)
    jobs = args.jobs or cores.available()
    threads = args.threads or (1 if args.scheduler else arguments.threads(jobs))
    run = command.Run(
        command.BulkRequest(
            source=args.source,
            destination=args.destination,
            options=_options(args, threads),
            jobs=jobs,
            shard=manifest.Shard(*args.shard),
            runner=args.runner,
            scheduler=args.scheduler,
            manifest=args.manifest,
            force=args.force,
        )
    )
    tally = run.status() if args.status else run.tally
    if not args.status:
        with closing(run.rows()) as rows:
            for row in out.watch(rows, run.progress):
                for note in row.get("notes", []):
                    out.warn(f"{row['input']}: {note}")
                if row["state"] == "failed" and tally.failed <= SHOWN:
                    out.fail(row["error"])
                    if tally.failed == SHOWN:
                        out.warn(f"further failures: see {run.manifest.url}")
    if args.json:
        out.print_row(tally.row(), str, as_json=True)
    else:
        out.say(tally.text(is_run=not args.status))
    return SOME_FAILED if tally.failed else 0


def _options(args: argparse.Namespace, threads: int) -> Options | Restoring | Packing:
    """Returns the options of the direction.

    Raises:
      UsageError: an option is one of the other direction.
    """
    from comrec.apps.bulk.worker import Packing, Restoring

    if args.pack:
        for name in (*arguments.ENCODE, *arguments.DECODE):
            if hasattr(args, name):
                raise UsageError(f"`{name}` does not go with `pack`")
        return Packing(max_pixels=args.max_pixels, threads=threads)
    encode = (name for name in arguments.ENCODE if name != "preset")
    for name in encode if args.decompress else arguments.DECODE:
        if hasattr(args, name):
            go = "does not go" if args.decompress else "goes"
            raise UsageError(f"`{name}` {go} with `decompress`")
    folders = args.presets or []
    if not args.decompress:
        if folders:
            raise UsageError("`presets` goes with `decompress`")
        return arguments.options(args, threads=threads)
    folders += [args.preset] if hasattr(args, "preset") else []
    return Restoring(
        max_pixels=args.max_pixels,
        engine=args.engine,
        threads=threads,
        presets=tuple(os.path.abspath(f) if os.path.isdir(f) else f for f in folders),
        **arguments.restoring(args),
    )
