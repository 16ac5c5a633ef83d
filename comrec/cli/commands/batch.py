"""Processes several inputs: shared by compress, decompress, verify and pack."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from comrec.cli import console, values
from comrec.cli.parser import group
from comrec.errors import ComrecError, UsageError
from comrec.system import files, stages

if TYPE_CHECKING:
    from comrec.system.batch import Job, Row


def add(parser: argparse.ArgumentParser, inputs_help: str) -> None:
    """Adds the inputs, their outputs, and the number of files at a time."""
    parser.add_argument("inputs", nargs="+", metavar="INPUT", help=inputs_help)
    output = group(parser, "output")
    output.add_argument(
        "-o",
        "--output",
        metavar="FILE|DIR",
        help="output file, or folder with a slash at its end; - for stdout",
    )
    parser.add_argument(
        "-r", "--recursive", action="store_true", help="read whole folders"
    )
    exclusive = output.add_mutually_exclusive_group()
    exclusive.add_argument(
        "-f", "--force", action="store_true", help="replace outputs that comrec wrote"
    )
    exclusive.add_argument(
        "--skip-existing",
        action="store_true",
        help="skip inputs whose outputs are complete",
    )
    output.add_argument(
        "--keep-times",
        action="store_true",
        help="give outputs the modification times of their inputs",
    )
    parser.add_argument(
        "-j",
        "--jobs",
        type=values.number(1, 256),
        default=1,
        metavar="N",
        help="files at a time (1)",
    )
    add_left_out(parser)


def run(
    args: argparse.Namespace,
    work: Callable[[Job], Row],
    describe: Callable[[Row], str],
) -> int:
    """Processes every input and prints the results.

    Args:
      args: as parsed.
      work: processes one job; returns its row.
      describe: returns the text of a row, for people.

    Returns:
      Exit status: 1 if an input failed, else 0.
    """
    from comrec.cli import inputs
    from comrec.format import provenance
    from comrec.system import batch
    from comrec.system.batch import Job

    plan = inputs.plan(
        args.inputs, args.output, args.recursive, args.command, provenance.is_output
    )
    todo = plan.jobs
    if getattr(args, "keep_times", False):
        if any(job.source is None or job.target is None for job in todo):
            raise UsageError("--keep-times goes with files, not with stdin or stdout")
        work = _keeping_times(work)
    binary = any(job.target is None for job in todo) and args.command != "verify"
    failed = 0
    out = console.Output(quiet=args.quiet, binary=binary)
    report_left_out(plan.left_out, out, args)
    if args.command != "verify" and not getattr(args, "dry_run", False):
        sweep({job.target.parent for job in todo if job.target}, out)
    unlisted = [(Job(path, None), err) for path, err in plan.unlisted]
    count = len(todo) + len(unlisted)
    stage = Stage(args.command)
    if count == 1:
        work = stage.watched(work)
    results = chain(unlisted, batch.run_all(todo, work, args.jobs))
    if count == 1:
        shown = out.watch(results, stage.read, timed=True)
    else:
        shown = out.show_progress(results, count, args.command)
    for job, result in shown:
        if isinstance(result, ComrecError):
            failed += 1
            out.fail(result)
            if args.json:
                out.print_row(batch.describe_failure(job, result), str, as_json=True)
        else:
            for note in batch.read_notes(result):
                out.warn(f"{job.name}: {note}")
            out.print_row(result, describe, args.json)
    if failed and count > 1:
        rest = "; the others are done" if failed < count else ""
        out.warn(f"{failed} of {count} failed{rest}")
    return int(failed > 0)


class Stage:
    """Keeps the stage that the work on one picture has reached.

    Args:
      verb: the text until a stage begins.
    """

    def __init__(self, verb: str) -> None:
        self._text = verb

    def read(self) -> str:
        """Returns the text of the stage."""
        return self._text

    def watched(self, work: Callable[[Job], Row]) -> Callable[[Job], Row]:
        """Returns work whose stages are kept."""

        def run(job: Job) -> Row:
            with stages.heard_by(lambda text: setattr(self, "_text", text)):
                return work(job)

        return run


def _keeping_times(work: Callable[[Job], Row]) -> Callable[[Job], Row]:
    """Returns work that gives its outputs the times of the input."""

    def run_and_keep(job: Job) -> Row:
        row = work(job)
        if job.source and row["outcome"] != "skipped" and not row.get("dry_run"):
            made = filter(None, (row["output"], row.get("sidecar")))
            files.copy_time(job.source, [Path(str(path)) for path in made])
        return row

    return run_and_keep


def add_left_out(parser: argparse.ArgumentParser) -> None:
    """Adds the option that lists what a run leaves out."""
    group(parser, "output").add_argument(
        "--list-left-out",
        action="store_true",
        help="print each file that is left out, with the reason",
    )


def report_left_out(
    left_out: Mapping[Path, str], out: console.Output, args: argparse.Namespace
) -> None:
    """Prints the number of entries for each reason, and each entry if that is asked.

    Args:
      left_out: reasons by path.
      out: of the command.
      args: as parsed.
    """
    from comrec.format import sorting

    if left_out:
        out.warn(sorting.count(Counter(left_out.values())))
    if not getattr(args, "list_left_out", False):  # `verify` takes no folders
        return
    for path, reason in left_out.items():
        row: Row = {"input": str(path), "outcome": "left_out", "reason": reason}
        out.print_row(row, "{input}: left out, {reason}".format_map, args.json)


def sweep(folders: Collection[Path], out: console.Output) -> None:
    """Removes temporary files of killed runs from folders, and prints their number."""
    left = sum(map(files.sweep, folders))
    if left:
        plural = "s" if left > 1 else ""
        out.warn(f"{left} temporary file{plural} of a killed run removed")
