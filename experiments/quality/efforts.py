"""What each value of `--effort` costs and gains: bytes, dB, and time.

Claim: rounds write fewer bytes at the same PSNR, and the most rounds the fewest; from
one low effort to the next chance decides. Cost: five minutes on an idle core for one
square.

Protocol: the square in the middle of every n-th picture of each folder by name,
`compress` at a quality, one thread. Bytes are those of all files, brought to the PSNR
of effort 0 by FITTED.log2_bytes_per_db, and shown by their geometric mean over
pictures and qualities. The gain in dB is the same difference, by the same slope. Times
are processor time, over that of effort 0.

    python experiments/quality/efforts.py FOLDER ... --every 60 --side 320 \\
        --out experiments/results/efforts.tsv

The summary goes beside the rows, as efforts-summary.tsv. Pictures are those for
validation, never those for tests. The rows are of one square of 320 pixels, in which
effort 0 finds no gain of the networks and writes plain JPEG.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from plain_jpeg import pictures
from rounds import middle

from comrec.api.compress import compress, read_input
from comrec.encoder.efforts import EFFORTS
from comrec.encoder.fitted import FITTED
from comrec.errors import ComrecError
from comrec.image.source import load
from comrec.networks import presets
from comrec.system import files

QUALITIES = (15, 50)


class Row(NamedTuple):
    preset: str
    picture: str
    pixels: int
    quality: int
    effort: int
    outcome: str
    scale: float
    bytes: int
    psnr_db: float
    encode_s: float


class Line(NamedTuple):
    preset: str
    effort: int
    bytes_percent: float  # over effort 0, at its PSNR
    gain_db: float
    times: float


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("folders", type=Path, nargs="+", help="of pictures")
    add("--every", type=int, default=1, help="take every n-th picture of a folder")
    add("--side", type=int, default=512, help="of the square, in pixels")
    add("--presets", nargs="+", default=(presets.DEFAULT, "comrec-lite-2"))
    add("--qualities", type=int, nargs="+", default=QUALITIES)
    add("--efforts", type=int, nargs="+", default=range(len(EFFORTS)))
    add("--out", type=Path, required=True, help="TSV to write")
    args = parser.parse_args()
    found: list[Row] = []
    try:
        for path in pictures(args.folders, args.every):
            image = middle(read_input(load(path)[0]).pixels, args.side)
            for preset in args.presets:
                for quality in args.qualities:
                    found += rows(path.name, image, preset, quality, args.efforts)
                    lines = ["\t".join(map(str, row)) for row in [Row._fields, *found]]
                    files.write(args.out, ("\n".join(lines) + "\n").encode())
    except ComrecError as err:
        raise SystemExit(str(err)) from None
    lines = ["\t".join(Line._fields)]
    for preset in args.presets:
        shown = summarise([row for row in found if row.preset == preset])
        lines += ["\t".join(map(str, line)) for line in shown]
    print("\n".join(lines))
    summary = args.out.with_name(f"{args.out.stem}-summary.tsv")
    files.write(summary, ("\n".join(lines) + "\n").encode())


def rows(
    picture: str, image: np.ndarray, preset: str, quality: int, efforts: list[int]
) -> Iterator[Row]:
    """Yields a row for each effort."""
    for effort in efforts:
        started = time.process_time()
        made = compress(image, quality=quality, preset=preset, effort=effort, threads=1)
        encode_s = time.process_time() - started
        report = made.report
        yield Row(
            preset, picture, image[..., 0].size, quality, effort, report.outcome,
            report.scale, report.jpeg_bytes + report.sidecar_bytes,
            round(report.psnr_db, 3), round(encode_s, 3),
        )  # fmt: skip


def summarise(found: list[Row]) -> list[Line]:
    """Returns a line for each effort of one preset."""
    starts = {(row.picture, row.quality): row for row in found if row.effort == 0}
    lines = []
    for effort in sorted({row.effort for row in found}):
        some = [row for row in found if row.effort == effort]
        log2s, times = [], []
        for row in some:
            start = starts[row.picture, row.quality]
            excess_db = row.psnr_db - start.psnr_db
            log2 = math.log2(row.bytes / start.bytes)
            log2s.append(log2 - excess_db * FITTED.log2_bytes_per_db)
            times.append(row.encode_s / start.encode_s)
        mean = sum(log2s) / len(log2s)
        lines.append(
            Line(
                found[0].preset, effort, round(100 * (2**mean - 1), 1),
                round(0.0 - mean / FITTED.log2_bytes_per_db, 2),
                round(sum(times) / len(times), 1),
            )
        )  # fmt: skip
    return lines


if __name__ == "__main__":
    main()
