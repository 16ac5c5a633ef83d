"""Rate against distortion on a folder of pictures: plain JPEG, its rivals, comrec.

Claim: how many bits each codec takes, of those that plain JPEG takes for the same PSNR
on the 24 Kodak pictures, whole files counted; and where comrec stands among them.
Cost: PSNR alone: four minutes of one core for all rivals on Kodak, and then comrec's
own decoding. `--metrics all` adds a second to each of the 3,000 rows. Needs
`comrec[eval]`.

    python experiments/kodak_rd.py PICTURES --codecs all comrec:PRESET \\
        --out rows.tsv --summary summary.tsv --figure curves.png

Protocol. Every codec gets the same pictures at settings of its own; a point of a curve
is the mean rate and the mean of the pictures' quality at one setting. Rate is whole
files: .jpg and sidecar. PSNR is on 8-bit pixels, luma is BT.601, MS-SSIM enters as
-10 log10(1 - MS-SSIM). The anchor is baseline JPEG by libjpeg-turbo, 4:2:0, optimised
Huffman tables, from quality 5 to 2.0 bpp. BD-rate is by PCHIP in the log of the rate,
over the range of quality that both have, which is stated; negative is fewer bits.
"comrec:PRESET@auto" is chosen from the rows of the preset's scales, for each picture
the least of squared error + slope * rate.

A run goes on where another stopped: what `--out` has is not measured again, unless the
picture, the codec or its version is another. The summary is of all rows of the file on
these pictures, from whatever run.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from rd import figure, rows, summary
from rich.console import Console
from rich.progress import Progress

from comrec import files
from comrec.errors import ComrecError
from comrec.evaluate import peers, quality

ALL = "all"


def main(argv: Sequence[str] | None = None) -> None:
    args = parser().parse_args(argv)
    try:
        evaluate(args)
    except ComrecError as err:
        raise SystemExit(f"kodak_rd: {err}") from err


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = made.add_argument
    add("pictures", type=Path, help="a folder")
    add("-o", "--out", type=Path, required=True, metavar="FILE.tsv", help="the rows")
    add("--summary", type=Path, metavar="FILE.tsv", help="BD-rates and dB at rates")
    add("--figure", type=Path, metavar="FILE.png", help="the mean curves")
    add(
        "--codecs", nargs="*", default=[ALL], metavar="CODEC",
        help=f"{ALL} rivals (the default), some of {', '.join(peers.NAMES)}, and "
        "comrec:PRESET for all its scales or comrec:PRESET@SCALE, which :visual and "
        "+embed may follow",
    )  # fmt: skip
    add("--grey", action="store_true", help="BT.601 luma of the pictures")
    add("--every", type=count, default=1, metavar="N", help="every n-th picture")
    add("--points", type=count, metavar="N", help="at most N settings a codec")
    add("--metrics", choices=quality.METRICS, default="psnr")
    add("--jobs", type=count, default=1, metavar="N", help="processes (default: 1)")
    return made


def count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1. Received: {text!r}")
    return int(text)


def evaluate(args: argparse.Namespace) -> None:
    """The whole run. Raises ComrecError for whatever is wrong with what was given."""
    quality.require(args.metrics)
    if args.figure:
        figure.require()
    names = [
        n for name in args.codecs for n in (peers.NAMES if name == ALL else [name])
    ]
    codecs, notes = peers.load(dict.fromkeys(names))
    pictures = rows.pictures(args.pictures, args.every, args.grey)
    found = {row.key: row for row in rows.read(args.out)}
    tasks = rows.missing(
        codecs, pictures, list(found.values()), args.metrics, args.points
    )
    out = summary.console()
    seen = Console(stderr=True)
    with Progress(console=seen, disable=not seen.is_terminal) as progress:
        bar = progress.add_task("", total=len(tasks))
        for task, some in zip(tasks, rows.measured(tasks, args.jobs), strict=True):
            found |= {row.key: row for row in some}
            rows.write(args.out, list(found.values()))
            progress.update(
                bar, advance=1, description=f"{task.codec}, {task.picture.path.stem}"
            )
    # Read back, so that a summary does not depend on when its rows were measured.
    known = [rows.identity(picture) for picture in pictures]
    lines, more = summary.lines(rows.read(args.out), known)
    summary.show(lines, out)
    for note in notes + more:
        out.print(note)
    if args.summary:
        files.write(args.summary, summary.as_tsv(lines))
    if args.figure:
        files.write(args.figure, figure.draw(lines))


if __name__ == "__main__":
    main()
