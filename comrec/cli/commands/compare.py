"""Runs `comrec compare`: compares codecs on pictures at equal bytes."""

from __future__ import annotations

import argparse
from pathlib import Path

from comrec.cli import arguments, console, describe, values
from comrec.cli.commands import batch
from comrec.errors import ComrecError

EXAMPLES = (
    "comrec compare photo.png",
    "comrec compare photo.png --codecs webp avif --report page.html",
)


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the pictures, the codecs and the page."""
    parser.add_argument(
        "inputs", nargs="+", type=Path, metavar="IMAGE", help="pictures"
    )
    parser.add_argument(
        "--report",
        type=Path,
        metavar="FILE.html",
        help="write a page that shows the pictures, in one file",
    )
    parser.add_argument(
        "--codecs",
        nargs="+",
        default=[],
        metavar="CODEC",
        help="codecs beside plain JPEG: webp, avif, jpeg2000, jxl, mozjpeg, "
        "mozjpeg-flat, half-jpeg, comrec:PRESET@SCALE",
    )
    parser.add_argument(
        "--points",
        type=values.number(0, 100),
        metavar="N",
        help="points of each curve on the page; 0 draws no curves (6, or 0 above 2 "
        "megapixels)",
    )
    parser.add_argument(
        "-f", "--force", action="store_true", help="replace a page that comrec wrote"
    )
    arguments.add_encoder_choices(parser)
    arguments.add_limits(parser)
    parser.set_defaults(embed=False, metadata="none", jobs=1)


def run(args: argparse.Namespace) -> int:
    """Compares every picture; returns 1 if one failed, else 0."""
    from comrec.apps import compare

    out = console.Output(quiet=args.quiet)
    asked = compare.CompareRequest(
        arguments.options(args), tuple(args.codecs), args.points
    )
    report = compare.Report(args.report, args.force) if args.report else None
    if report:
        batch.sweep({report.path.parent}, out)
    failed = 0
    results = compare.each(args.inputs, asked)
    try:
        for path, result in out.show_progress(results, len(args.inputs), args.command):
            if isinstance(result, ComrecError):
                failed += 1
                out.fail(result)
                if args.json:
                    out.print_row(compare.failed(path, result), str, as_json=True)
                continue
            if report:
                report.add(result)
            out.print_row(
                compare.row(str(path), result), describe.format_compared, args.json
            )
    finally:  # an interrupted run leaves a page of the finished pictures
        if report:
            report.write()
    return int(failed > 0)
