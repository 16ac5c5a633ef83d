"""Runs `comrec evaluate`: measures rate and distortion of codecs over a folder."""

from __future__ import annotations

import argparse
from pathlib import Path

from comrec.cli import console, values
from comrec.cli.commands import batch

EXAMPLES = ("comrec evaluate photos --out rows.tsv",)


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the folder, the codecs and the metrics."""
    option = parser.add_argument
    option("folder", type=Path, metavar="SET", help="folder of pictures")
    option(
        "--codecs", nargs="+", metavar="CODEC",
        help="codecs to measure: all, or jpeg (the anchor), webp, avif, jpeg2000, jxl, "
        "jpegli, mozjpeg, mozjpeg-flat and others; comrec:PRESET as compress -q, or "
        "comrec:PRESET@SCALE, with the suffixes :visual, +effortN (without @SCALE) and "
        "+embed (all, and comrec with the default preset)",
    )  # fmt: skip
    option(
        "-o", "--out", type=Path, metavar="ROWS.tsv",
        help="table of the results; summary and figures are written beside it "
        "(SET.tsv)",
    )  # fmt: skip
    option(
        "--grey", action="store_true", help="measure the BT.601 luma of the pictures"
    )
    option("--every", type=values.number(1, 10**6), default=1, metavar="N",
        help="measure every N-th picture (1)")  # fmt: skip
    option("--points", type=values.number(2, 100), metavar="N",
        help="at most N settings per codec (all)")  # fmt: skip
    option("--metrics", choices=("psnr", "all"), default="psnr",
        help="all: also SSIM, MS-SSIM and SSIMULACRA2 (psnr)")  # fmt: skip
    option("--published", choices=("kodak",), metavar="kodak",
        help="add published results of learned codecs on these pictures")  # fmt: skip
    option("-j", "--jobs", type=values.number(1, 256), metavar="N",
        help="number of processes (one per core)")  # fmt: skip
    option("--retry", action="store_true", help="repeat measurements that failed")
    batch.add_left_out(parser)
    option("--no-figure", action="store_true", help="draw no figures")
    option(
        "--json",
        action="store_true",
        help="print one JSON object per line of the summary",
    )
    option("--quiet", action="store_true", help="print errors only")


def run(args: argparse.Namespace) -> int:
    """Measures the codecs; returns 1 if a measurement failed, else 0."""
    from comrec.apps.evaluate import report
    from comrec.apps.evaluate.evaluate import EvaluateRequest, evaluate
    from comrec.networks import presets
    from comrec.system import cores

    out = console.Output(quiet=args.quiet)
    asked = EvaluateRequest(
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
    batch.sweep({asked.out.parent}, out)
    found = evaluate(
        asked,
        lambda results, total: out.show_progress(results, total, args.command, len),
    )
    if args.json:
        for line in found.lines:
            out.print_row(report.record(line), str, as_json=True)
    elif not args.quiet:
        out.say(report.text(found.lines))
    batch.report_left_out(found.left_out, out, args)
    for note in found.notes:
        out.warn(note)
    for row in found.failed:
        out.fail(f"{row.image}: {row.codec} at {row.setting:g} failed ({row.error})")
    out.warn(f"written: {', '.join(map(str, found.written))}")
    return int(bool(found.failed))
