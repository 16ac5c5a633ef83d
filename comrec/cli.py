"""The command line: from arguments to jobs, from results to lines and a status."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from comrec import arguments, console, cores
from comrec.errors import ComrecError, UsageError

if TYPE_CHECKING:
    from comrec.bulk.worker import Restoring
    from comrec.jobs import Reading, Row
    from comrec.naming import Job
    from comrec.options import Options

SOME_FAILED = 3  # exit status of a bulk run that came to its end; 1: it did not
SHOWN = 20  # failures of a bulk run that are said one by one; its manifest has them all


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command. Exit status: 0 all done, 1 some input failed, 2 usage."""
    args = arguments.parser().parse_args(argv)
    try:
        return COMMANDS[args.command](args)
    except ComrecError as err:
        console.complain(err)
        return err.exit_status
    except KeyboardInterrupt:
        console.complain("interrupted; outputs already named are whole")
        return 130
    except BrokenPipeError:
        return 1


def _compress(args: argparse.Namespace) -> int:
    from comrec import jobs

    options = _options(args)
    writing = jobs.Writing(args.force, args.skip_existing, args.dry_run)
    return _run(
        args, lambda job: jobs.compress(job, options, writing), console.compressed
    )


def _options(args: argparse.Namespace) -> Options:
    from comrec import metadata, presets
    from comrec.options import Options

    return Options(
        preset=args.preset or presets.DEFAULT,
        quality=args.quality,
        jpeg_quality=args.jpeg_quality,
        target_size=args.target_size,
        target_bpp=args.target_bpp,
        target_psnr=args.target_psnr,
        tune=args.tune,
        effort=args.effort,
        scale=args.scale,
        metadata=metadata.parse_kinds(args.metadata),
        embed=args.embed,
        max_pixels=args.max_pixels,
        engine=args.engine,
        threads=_threads(args.jobs or 1),
    )


def _decompress(args: argparse.Namespace) -> int:
    from comrec import jobs

    reading = _reading(args)
    writing = jobs.Writing(args.force, args.skip_existing)
    return _run(
        args, lambda job: jobs.decompress(job, reading, writing), console.restored
    )


def _verify(args: argparse.Namespace) -> int:
    from comrec import jobs

    if args.original and len(args.inputs) > 1:
        raise UsageError("--original goes with one .jpg")
    reading = _reading(args)
    args.output, args.recursive = None, False
    return _run(
        args, lambda job: jobs.verify(job, reading, args.original), console.verified
    )


def _run(
    args: argparse.Namespace,
    work: Callable[[Job], Row],
    describe: Callable[[Row], str],
) -> int:
    from comrec import jobs, naming, origin

    plan = naming.plan(
        args.inputs, args.output, args.recursive, args.command, origin.is_output
    )
    todo = plan.jobs
    binary = any(job.target is None for job in todo) and args.command != "verify"
    failed = 0
    out = console.Output(quiet=args.quiet, binary=binary)
    if plan.left_out:
        plural = "s" if plan.left_out > 1 else ""
        out.warn(f"{plan.left_out} file{plural} left out: comrec's own outputs")
    results = jobs.run_all(todo, work, args.jobs)
    for job, result in out.progress(results, len(todo), args.command):
        if isinstance(result, ComrecError):
            failed += 1
            out.fail(result)
            if args.json:
                out.row(jobs.failed(job, result), str, as_json=True)
        else:
            for note in jobs.notes(result):
                out.warn(f"{job.name}: {note}")
            out.row(result, describe, args.json)
    if failed and len(todo) > 1:
        rest = "; the others are done" if failed < len(todo) else ""
        out.warn(f"{failed} of {len(todo)} failed{rest}")
    return int(failed > 0)


def _reading(args: argparse.Namespace) -> Reading:
    from comrec import presets
    from comrec.jobs import Reading

    if args.assume:
        presets.find(args.assume)
    if (args.assume is None) != (args.size is None):
        raise UsageError("--assume PRESET and --size WxH go together")
    if args.scale and args.assume is None:
        raise UsageError("--scale goes with --assume PRESET and --size WxH")
    if args.sidecar and (args.assume or len(args.inputs) > 1):
        raise UsageError("--sidecar goes with one .jpg, and without --assume")
    return Reading(
        sidecar=args.sidecar,
        assume=args.assume,
        size=args.size,
        scale=args.scale,
        max_pixels=args.max_pixels,
        memory_mb=args.memory,
        engine=args.engine,
        threads=_threads(args.jobs),
        exact=args.exact,
    )


def _threads(at_once: int) -> int:
    """Cores for the networks of one file: shared out when several run together."""
    return 0 if at_once == 1 else max(cores.available() // at_once, 1)


def _compare(args: argparse.Namespace) -> int:
    from comrec import compare

    out = console.Output(quiet=args.quiet)
    asked = compare.Asked(_options(args), tuple(args.codecs), args.points)
    report = compare.Report(args.report, args.force) if args.report else None
    failed = 0
    results = compare.each(args.inputs, asked)
    try:
        for path, result in out.progress(results, len(args.inputs), args.command):
            if isinstance(result, ComrecError):
                failed += 1
                out.fail(result)
                if args.json:
                    out.row(compare.failed(path, result), str, as_json=True)
                continue
            if report:
                report.add(result)
            out.row(compare.row(str(path), result), console.compared, args.json)
    finally:  # an interrupted run leaves a page of what is done
        if report:
            report.write()
    return int(failed > 0)


def _evaluate(args: argparse.Namespace) -> int:
    from comrec import presets
    from comrec.evaluate import report
    from comrec.evaluate.evaluate import Asked, evaluate

    out = console.Output(quiet=args.quiet)
    asked = Asked(
        folder=args.folder,
        out=args.out or Path(f"{args.folder.resolve().name}.tsv"),
        codecs=tuple(args.codecs or ("all", f"comrec:{presets.DEFAULT}")),
        is_grey=args.grey,
        every=args.every,
        points=args.points,
        metrics=args.metrics,
        jobs=args.jobs or cores.available(),
        retry=args.retry,
        draws=not args.no_figure,
        published=args.published,
    )
    found = evaluate(
        asked,
        lambda results, total: out.progress(results, total, args.command, len),
    )
    if args.json:
        for line in found.lines:
            out.row(report.record(line), str, as_json=True)
    elif not args.quiet:
        out.say(report.text(found.lines))
    for note in found.notes:
        out.warn(note)
    for row in found.failed:
        out.fail(f"{row.image}: {row.codec} at {row.setting:g} failed ({row.error})")
    out.warn(f"written: {', '.join(map(str, found.written))}")
    return int(bool(found.failed))


def _bulk(args: argparse.Namespace) -> int:
    from comrec.bulk import command, manifest

    out = console.Output(quiet=args.quiet)
    jobs = args.jobs or cores.available()
    threads = args.threads or (1 if args.scheduler else _threads(jobs))
    run = command.Run(
        command.Asked(
            source=args.source,
            destination=args.destination,
            options=_bulk_options(args, threads),
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


def _bulk_options(args: argparse.Namespace, threads: int) -> Options | Restoring:
    """How to code; what is only for the other direction is refused."""
    from comrec.bulk.worker import Restoring

    of_other: tuple[str, ...] = ("exact", "memory")
    if args.decompress:
        of_other = (
            "preset", "quality", "jpeg_quality", "target_size", "target_bpp",
            "target_psnr", "tune", "effort", "scale", "embed", "metadata",
        )  # fmt: skip
    plain = arguments.parser().parse_args(["bulk", args.source, args.destination])
    for name in of_other:
        if getattr(args, name) != getattr(plain, name):
            go = "does not go" if args.decompress else "goes"
            raise UsageError(f"--{name.replace('_', '-')} {go} with --decompress")
    if not args.decompress:
        return replace(_options(args), threads=threads)
    return Restoring(args.max_pixels, args.engine, threads, args.memory, args.exact)


def _autoencoder(args: argparse.Namespace) -> int:
    from comrec.autoencoder import command

    out = console.Output(quiet=args.quiet)
    if args.action == "models":
        for row in command.models():
            out.row(row, console.details, args.json)
        return 0
    if args.action == "compress":
        row = command.compress(
            args.input, args.output, args.model, args.bits, args.force, args.max_pixels
        )
        for note in row.pop("notes"):  # type: ignore[attr-defined]
            out.warn(f"{args.input}: {note}")
        out.row(row, command.compressed, args.json)
        return 0
    row = command.decompress(
        args.input, args.output, args.model, args.force, args.max_pixels
    )
    out.row(row, command.restored, args.json)
    return 0


def _info(args: argparse.Namespace) -> int:
    from comrec import inspection

    out = console.Output()
    row = inspection.describe(args.file)
    out.row(row, console.details, args.json)
    return 0


def _presets(args: argparse.Namespace) -> int:
    from comrec import presets, weights

    chosen = [presets.find(args.name)] if args.name else presets.PRESETS.values()
    row: Row
    out = console.Output()
    for preset in chosen:
        row = preset.row() if args.name else {preset.name: preset.summary}
        if args.verify:
            row |= {"verified": ", ".join(weights.verify(preset)) or "no weights"}
        out.row(row, console.details, args.json)
    return 0


COMMANDS = {
    "autoencoder": _autoencoder,
    "bulk": _bulk,
    "compare": _compare,
    "compress": _compress,
    "decompress": _decompress,
    "evaluate": _evaluate,
    "info": _info,
    "presets": _presets,
    "verify": _verify,
}
