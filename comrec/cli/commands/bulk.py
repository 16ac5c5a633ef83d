"""`comrec bulk`: a folder or bucket, compressed or restored, into another."""

from __future__ import annotations

import argparse
from contextlib import closing
from typing import TYPE_CHECKING

from comrec.cli import arguments, console, values
from comrec.errors import UsageError

if TYPE_CHECKING:
    from comrec.apps.bulk.worker import Restoring
    from comrec.encoder.options import Options

SOME_FAILED = 3  # exit status of a run that came to its end; 1: it did not
SHOWN = 20  # failures that are said one by one; the manifest has them all


def add(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "exit status: 0, all is done; 3, all but pictures that failed; 1, the run "
        "stopped; 2, the request makes no sense; 130, Ctrl-C"
    )
    option = parser.add_argument
    option("source", metavar="SRC",
        help="folder, URL (s3://bucket/photos), or a glob in either")  # fmt: skip
    option("destination", metavar="DST", help="folder or URL; its tree is that of SRC")
    option("--decompress", action="store_true", help="back, what compress or bulk made")
    option("-j", "--jobs", type=values.number(1, 256), metavar="N",
        help="workers (one a core)")  # fmt: skip
    option("--threads", type=values.number(1, 256), metavar="N",
        help="cores for each worker (shared out; 1 with --scheduler)")  # fmt: skip
    option("--shard", type=values.shard, default=(0, 1), metavar="I/N",
        help="the I-th of N parts alone, from 0; no run knows of another")  # fmt: skip
    option("--runner", choices=("local", "dask"), default="local",
        help="processes, or Dask, which then runs here (local)")  # fmt: skip
    option(
        "--scheduler", metavar="tcp://HOST:PORT", help="of Dask workers that are there"
    )
    option("--manifest", metavar="PLACE",
        help="folder or URL of the rows (DST/comrec-manifest)")  # fmt: skip
    option("--status", action="store_true",
        help="what the manifest says, of all parts; nothing is done")  # fmt: skip
    option("-f", "--force", action="store_true",
        help="into a DST that other commands, or another SRC, have filled")  # fmt: skip
    arguments.add_encoding(parser)
    arguments.add_restoring(parser)
    arguments.add_limits(parser)


def run(args: argparse.Namespace) -> int:
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
        out.row(tally.row(), str, as_json=True)
    else:
        out.say(tally.text(is_run=not args.status))
    return SOME_FAILED if tally.failed else 0


def _options(args: argparse.Namespace, threads: int) -> Options | Restoring:
    """Returns how to code; options of the other direction are refused."""
    from comrec.apps.bulk.worker import Restoring

    encode = (name for name in arguments.ENCODE if name != "preset")
    for name in encode if args.decompress else arguments.DECODE:
        if hasattr(args, name):
            go = "does not go" if args.decompress else "goes"
            raise UsageError(f"--{name.replace('_', '-')} {go} with --decompress")
    if not args.decompress:
        return arguments.options(args, threads=threads)
    return Restoring(
        max_pixels=args.max_pixels,
        engine=args.engine,
        threads=threads,
        preset=getattr(args, "preset", None),
        **arguments.restoring(args),
    )
