"""`comrec evaluate`: rate and distortion of codecs over a folder."""

from __future__ import annotations

import argparse
from pathlib import Path

from comrec.cli import console, values
from comrec.cli.commands import batch


def add(parser: argparse.ArgumentParser) -> None:
    option = parser.add_argument
    option("folder", type=Path, metavar="SET", help="folder of pictures")
    option(
        "--codecs", nargs="+", metavar="CODEC",
        help="all rivals, or some of jpeg (the anchor), webp, avif, jpeg2000, jxl, "
        "jpegli, mozjpeg, mozjpeg-flat and others; comrec:PRESET for what compress -q "
        "makes, or comrec:PRESET@SCALE, which :visual and +embed may follow (all, and "
        "the default preset)",
    )  # fmt: skip
    option(
        "-o", "--out", type=Path, metavar="ROWS.tsv",
        help="the rows; summary and figures go beside it (SET.tsv)",
    )  # fmt: skip
    option("--grey", action="store_true", help="BT.601 luma of the pictures")
    option("--every", type=values.number(1, 10**6), default=1, metavar="N",
        help="every n-th picture")  # fmt: skip
    option("--points", type=values.number(2, 100), metavar="N",
        help="at most N settings a codec (all)")  # fmt: skip
    option("--metrics", choices=("psnr", "all"), default="psnr",
        help="PSNR alone, or SSIM, MS-SSIM and SSIMULACRA2 as well")  # fmt: skip
    option("--published", choices=("kodak",), metavar="kodak",
        help="learned codecs as others measured them on these pictures")  # fmt: skip
    option("-j", "--jobs", type=values.number(1, 256), metavar="N",
        help="processes (one a core)")  # fmt: skip
    option("--retry", action="store_true", help="try again what failed before")
    option("--no-figure", action="store_true", help="rows and summary alone")
    option("--json", action="store_true", help="one object per line of the summary")
    option("--quiet", action="store_true", help="errors only")


def run(args: argparse.Namespace) -> int:
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
