"""The command line: arguments and printing only."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from comrec import __version__
from comrec.errors import ComrecError, UsageError

if TYPE_CHECKING:
    from comrec.jobs import Reading, Row
    from comrec.naming import Job


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command. Exit status: 0 all done, 1 some input failed, 2 usage."""
    args = _parser().parse_args(argv)
    try:
        return int(args.run(args))
    except ComrecError as err:
        _complain(err)
        return err.exit_status
    except KeyboardInterrupt:
        _complain("interrupted; outputs already named are whole")
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="comrec",
        description="Smaller pictures: an ordinary JPEG and a tiny sidecar that "
        "together come back at full size.",
    )
    parser.add_argument("-V", "--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_compress(commands.add_parser("compress", help="pictures to .jpg + sidecar"))
    _add_decompress(commands.add_parser("decompress", help="and back"))
    _add_info(commands.add_parser("info", help="what a sidecar or a .jpg says"))
    _add_presets(commands.add_parser("presets", help="the trained pairs there are"))
    _add_verify(
        commands.add_parser("verify", help="decode, compare, may the original go?")
    )
    return parser


def _add_compress(parser: argparse.ArgumentParser) -> None:
    _add_batch(parser, "pictures, folders (with -r), globs, or - for stdin")
    parser.add_argument("-p", "--preset", help="trained pair; see `comrec presets`")
    parser.add_argument(
        "-q",
        "--quality",
        type=_number(1, 100),
        default=75,
        metavar="1..100",
        help="at least as close to the original as plain JPEG of this quality (75)",
    )
    parser.add_argument(
        "--jpeg-quality",
        type=_number(1, 100),
        metavar="1..100",
        help="quality of the compact JPEG itself, whatever comes back",
    )
    parser.add_argument(
        "--scale", type=_number(1, 16), metavar="N", help="image size : compact size"
    )
    parser.add_argument("--embed", action="store_true", help="sidecar inside the .jpg")
    parser.add_argument(
        "--metadata",
        default="all",
        metavar="KINDS",
        help="all, none, or some of exif,icc,xmp",
    )
    parser.add_argument("--dry-run", action="store_true", help="write nothing")
    parser.set_defaults(run=_compress)


def _add_decompress(parser: argparse.ArgumentParser) -> None:
    _add_batch(parser, "the .jpg files that compress wrote, folders, globs, or -")
    _add_rescue(parser)
    parser.add_argument(
        "--exact", action="store_true", help="float32 arithmetic, whatever the engine"
    )
    parser.add_argument(
        "--memory",
        type=_number(64, 10**6),
        default=1024,
        metavar="MB",
        help="working memory of the networks (1024)",
    )
    parser.set_defaults(run=_decompress)


def _add_info(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help=".comrec.json or .jpg")
    parser.add_argument("--json", action="store_true", help="as one JSON object")
    parser.set_defaults(run=_info)


def _add_presets(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="one preset in full")
    parser.add_argument("--verify", action="store_true", help="check the weights")
    parser.add_argument("--json", action="store_true", help="one object per preset")
    parser.set_defaults(run=_presets)


def _add_verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("inputs", nargs="+", metavar="JPG")
    parser.add_argument(
        "--original", type=Path, metavar="FILE", help="the picture it was made from"
    )
    _add_rescue(parser)
    _add_limits(parser)
    parser.set_defaults(run=_verify, exact=False, memory=1024, jobs=1)


def _add_batch(parser: argparse.ArgumentParser, inputs_help: str) -> None:
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
        type=_number(1, 256),
        default=1,
        metavar="N",
        help="files at a time",
    )
    _add_limits(parser)


def _add_limits(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--max-pixels",
        type=_number(1, 2**40),
        metavar="N",
        default=2**28,
        help="refuse larger pictures (268435456)",
    )
    parser.add_argument(
        "--engine",
        default="auto",
        metavar="NAME",
        help="onnxruntime, openvino or keras (the first there is)",
    )
    parser.add_argument(
        "--json", action="store_true", help="one object per input on stdout"
    )
    parser.add_argument("--quiet", action="store_true", help="errors only")


def _add_rescue(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--sidecar", type=Path, metavar="FILE", help="when it is not beside the .jpg"
    )
    parser.add_argument("--assume", metavar="PRESET", help="when the sidecar is lost")
    parser.add_argument(
        "--size", type=_size, metavar="WxH", help="of the image, with --assume"
    )


def _number(low: int, high: int):
    def parse(text: str) -> int:
        if not text.isdecimal() or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(
                f"must be a whole number from {low} to {high}. Received: {text!r}"
            )
        return int(text)

    return parse


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) * int(height)):
        raise argparse.ArgumentTypeError(f"must be WxH in pixels. Received: {text!r}")
    return int(height), int(width)


def _compress(args: argparse.Namespace) -> int:
    from comrec import api, console, jobs, metadata, presets

    options = api.Options(
        preset=args.preset or presets.DEFAULT,
        quality=args.quality,
        jpeg_quality=args.jpeg_quality,
        scale=args.scale,
        metadata=metadata.parse_kinds(args.metadata),
        embed=args.embed,
        max_pixels=args.max_pixels,
        engine=args.engine,
        threads=_threads(args.jobs),
    )
    writing = jobs.Writing(args.force, args.skip_existing, args.dry_run)
    return _run(
        args, lambda job: jobs.compress(job, options, writing), console.compressed
    )


def _decompress(args: argparse.Namespace) -> int:
    from comrec import console, jobs

    reading = _reading(args)
    writing = jobs.Writing(args.force, args.skip_existing)
    return _run(
        args, lambda job: jobs.decompress(job, reading, writing), console.restored
    )


def _verify(args: argparse.Namespace) -> int:
    from comrec import console, jobs

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
    from comrec import console, jobs, naming

    todo = naming.plan(args.inputs, args.output, args.recursive, args.command)
    binary = any(job.target is None for job in todo) and args.command != "verify"
    failed = 0
    with console.output(quiet=args.quiet, binary=binary) as out:
        results = jobs.run_all(todo, work, args.jobs)
        for job, result in out.progress(results, len(todo), args.command):
            if isinstance(result, ComrecError):
                failed += 1
                _complain(result)
            else:
                for note in jobs.notes(result):
                    out.warn(f"{job.name}: {note}")
                out.row(result, describe(result), args.json)
        if failed and len(todo) > 1:
            out.warn(f"{failed} of {len(todo)} failed; the others are done")
    return int(failed > 0)


def _reading(args: argparse.Namespace) -> Reading:
    from comrec.jobs import Reading

    if (args.assume is None) != (args.size is None):
        raise UsageError("--assume PRESET and --size WxH go together")
    if args.sidecar and (args.assume or len(args.inputs) > 1):
        raise UsageError("--sidecar goes with one .jpg, and without --assume")
    return Reading(
        sidecar=args.sidecar,
        assume=args.assume,
        size=args.size,
        max_pixels=args.max_pixels,
        memory_mb=args.memory,
        engine=args.engine,
        threads=_threads(args.jobs),
        exact=args.exact,
    )


def _threads(at_once: int) -> int:
    """Cores for the networks of one file: shared out when several run together."""
    return 0 if at_once == 1 else max((os.cpu_count() or 1) // at_once, 1)


def _info(args: argparse.Namespace) -> int:
    from comrec import console, inspection

    with console.output() as out:
        row = inspection.describe(args.file)
        out.row(row, console.details(row), args.json)
    return 0


def _presets(args: argparse.Namespace) -> int:
    from comrec import console, presets, weights

    chosen = [presets.find(args.name)] if args.name else presets.PRESETS.values()
    row: Row
    with console.output() as out:
        for preset in chosen:
            row = preset.row() if args.name else {preset.name: preset.summary}
            if args.verify:
                row |= {"verified": ", ".join(weights.verify(preset)) or "no weights"}
            out.row(row, console.details(row), args.json)
    return 0


def _complain(message: object) -> None:
    """One line on stderr, whatever a file's name has in it."""
    text = "".join(c if c.isprintable() else "?" for c in str(message))
    print(f"comrec: {text}", file=sys.stderr)
