"""What each value of `--effort` costs and gains: bytes, dB, and time in restorings.

Claim: a higher effort writes fewer bytes at the same PSNR; the default takes most of
what can be had. Cost: a quarter of an hour on an idle core for four squares.

Protocol: the square in the middle of every n-th picture of each folder by name,
`compress` at a quality, one thread. Bytes are those of all files, brought to the PSNR
of effort 0 by FITTED.log2_bytes_per_db, and shown by their geometric mean over
pictures and qualities. The gain in dB is the same difference, by the same slope. A
restoring is `decompress` of the result of effort 0 in the same process, and both times
are processor time, so a shared machine changes them less.

    python experiments/quality/efforts.py FOLDER ... --every 60 --side 512 \\
        --out experiments/results/efforts.tsv

Pictures are those for validation, never those for tests.
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
from comrec.api.decompress import decompress
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
    restore_s: float  # 0 at efforts above 0


class Line(NamedTuple):
    effort: int
    bytes_percent: float  # over effort 0, at its PSNR
    gain_db: float
    restorings: float


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
    print("\t".join(["preset", *Line._fields]))
    for preset in args.presets:
        for line in summarise([row for row in found if row.preset == preset]):
            print("\t".join(map(str, [preset, *line])))


def rows(
    picture: str, image: np.ndarray, preset: str, quality: int, efforts: list[int]
) -> Iterator[Row]:
    """Yields a row for each effort, with effort 0 first."""
    for effort in efforts:
        started = time.process_time()
        made = compress(image, quality=quality, preset=preset, effort=effort, threads=1)
        encode_s, restore_s = time.process_time() - started, 0.0
        if effort == 0:
            started = time.process_time()
            decompress(made.jpeg, made.sidecar, threads=1)
            restore_s = time.process_time() - started
        report = made.report
        yield Row(
            preset, picture, image[..., 0].size, quality, effort, report.outcome,
            report.scale, report.jpeg_bytes + report.sidecar_bytes,
            round(report.psnr_db, 3), round(encode_s, 3), round(restore_s, 3),
        )  # fmt: skip


def summarise(found: list[Row]) -> list[Line]:
    """Returns a line for each effort, of the pictures that networks restore."""
    starts = {
        (row.picture, row.quality): row
        for row in found
        if row.effort == 0 and row.outcome == "comrec"
    }
    lines = []
    for effort in sorted({row.effort for row in found}):
        log2s, times = [], []
        for row in found:
            start = starts.get((row.picture, row.quality))
            if row.effort == effort and start and row.outcome == "comrec":
                excess_db = row.psnr_db - start.psnr_db
                log2 = math.log2(row.bytes / start.bytes)
                log2s.append(log2 - excess_db * FITTED.log2_bytes_per_db)
                times.append((row.encode_s, start.restore_s))
        if log2s:
            mean = sum(log2s) / len(log2s)
            encode_s, restore_s = (sum(s) for s in zip(*times, strict=True))
            lines.append(
                Line(
                    effort, round(100 * (2**mean - 1), 1),
                    round(-mean / FITTED.log2_bytes_per_db, 2),
                    round(encode_s / max(restore_s, 1e-3), 1),
                )
            )  # fmt: skip
    return lines


if __name__ == "__main__":
    main()
