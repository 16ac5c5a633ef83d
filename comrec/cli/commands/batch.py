"""Many inputs, each to an output: what compress, decompress and verify share."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

from comrec.cli import arguments, console, values
from comrec.errors import ComrecError
from comrec.system import files

if TYPE_CHECKING:
    from comrec.system.batch import Job, Row


def add(parser: argparse.ArgumentParser, inputs_help: str) -> None:
    """Inputs, where their outputs go, and how many at a time."""
    parser.add_argument("inputs", nargs="+", metavar="INPUT", help=inputs_help)
    parser.add_argument(
        "-o", "--output", metavar="FILE|DIR", help="where to; - for stdout"
    )
    parser.add_argument("-r", "--recursive", action="store_true", help="take folders")
    exclusive = parser.add_mutually_exclusive_group()
    exclusive.add_argument(
        "-f", "--force", action="store_true", help="replace comrec's own outputs"
    )
    exclusive.add_argument(
        "--skip-existing", action="store_true", help="leave what is done already"
    )
    parser.add_argument(
        "-j",
        "--jobs",
        type=values.number(1, 256),
        default=1,
        metavar="N",
        help="files at a time",
    )
    arguments.add_limits(parser)


def run(
    args: argparse.Namespace,
    work: Callable[[Job], Row],
    describe: Callable[[Row], str],
) -> int:
    """Does each input, and says what became of it. Returns the exit status."""
    from comrec.cli import inputs
    from comrec.format import provenance
    from comrec.system import batch

    plan = inputs.plan(
        args.inputs, args.output, args.recursive, args.command, provenance.is_output
    )
    todo = plan.jobs
    binary = any(job.target is None for job in todo) and args.command != "verify"
    failed = 0
    out = console.Output(quiet=args.quiet, binary=binary)
    if plan.left_out:
        plural = "s" if plan.left_out > 1 else ""
        out.warn(f"{plan.left_out} file{plural} left out: comrec's own outputs")
    if args.command != "verify" and not getattr(args, "dry_run", False):
        sweep({job.target.parent for job in todo if job.target}, out)
    results = batch.run_all(todo, work, args.jobs)
    for job, result in out.progress(results, len(todo), args.command):
        if isinstance(result, ComrecError):
            failed += 1
            out.fail(result)
            if args.json:
                out.row(batch.describe_failure(job, result), str, as_json=True)
        else:
            for note in batch.read_notes(result):
                out.warn(f"{job.name}: {note}")
            out.row(result, describe, args.json)
    if failed and len(todo) > 1:
        rest = "; the others are done" if failed < len(todo) else ""
        out.warn(f"{failed} of {len(todo)} failed{rest}")
    return int(failed > 0)


def sweep(folders: Collection[Path], out: console.Output) -> None:
    """Removes what killed runs left where this one writes, and says so."""
    left = sum(map(files.sweep, folders))
    if left:
        plural = "s" if left > 1 else ""
        out.warn(f"{left} temporary file{plural} of a run that was killed: removed")
