"""Rate and distortion of plain JPEGs: own trellis, mozjpeg, optimised libjpeg-turbo.

Claim: at the same PSNR in RGB, trellis_encoder's files take 28 % fewer bits than
optimised libjpeg-turbo's and 12 % fewer than mozjpeg's, 31 % and 14 % below 0.6 bpp.
Chroma steps of `even_steps` (ratio 0) and the module's price of a bit (price 0) are the
best of the grid by the mean curves; a STEP_PRICE of 8 at all steps is 0.2 points ahead
by the mean over pictures. 4:4:4 loses on average, and wins by up to a third of the bits
above a PSNR of 5 to 7 dB below what halved chroma alone has. Cost: ten minutes on an
idle core for eight pictures of 0.3 megapixels.

Protocol: bits are those of the whole file, by pixels of the picture; the smaller of
baseline and progressive is taken for every encoder, but for mozjpeg progressive alone
above half a megapixel; 4:2:0 for rivals. PSNR is over R, G and B of
Pillow's decode, in 8 bits. A point is the mean of bpp and of PSNR over the pictures at
one setting; BD-rate by PCHIP over the qualities that a curve shares with the anchor,
which is libjpeg-turbo with tables of Annex K and optimised Huffman codes.

    python experiments/quality/plain_jpeg.py FOLDER ... --every 30 \\
        --out experiments/results/plain_jpeg.tsv

Takes every n-th picture of each folder by name. Settings are chosen on pictures for
validation, never on those for tests; the rows are of the 30th pictures of CID22's
training set and of CLIC 2025's validation set at half size.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np

from comrec.api.compress import read_input
from comrec.apps.evaluate.bd import Curve, Score, bd_rate, mean_curve
from comrec.errors import ComrecError, UsageError
from comrec.format.names import PICTURES
from comrec.image.metrics import psnr_db
from comrec.image.source import load
from comrec.jpeg import coding, trellis_encoder
from comrec.jpeg.settings import PLAIN, SUBSAMPLINGS, JpegSettings
from comrec.system import files

MOZJPEG = JpegSettings("mozjpeg", "flat")
QUALITIES = (5, 8, 12, 20, 40, 60, 80, 92, 97)
LUMA_STEPS = (110, 70, 42, 27, 16, 9, 5, 3)
CHROMA_RATIOS = (0, 0.5, 0.6, 0.7, 0.8, 1)  # 0 stands for `even_steps`
# The square of a luma step, over that of a bit's error; all ratios have the first. 0
# stands for the module's own.
STEP_PRICES = (6.5, 0, 5.5, 8.0)
LOW_BPP = 0.6  # of the anchor; BD-rate is taken up to here as well
FINE_QUALITY, FINE_STEP = 60, 16  # the coarsest of a third BD-rate


class Row(NamedTuple):
    encoder: str
    subsampling: str
    chroma_ratio: float | None
    step_price: float | None
    setting: int  # JPEG quality, or luma step
    picture: str
    bytes: int
    bpp: float
    psnr_db: float
    encode_s: float


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("folders", type=Path, nargs="+", help="of pictures")
    add("--every", type=int, default=1, help="take every n-th picture of a folder")
    add("--ratios", type=float, nargs="+", default=CHROMA_RATIOS)
    add("--prices", type=float, nargs="+", default=STEP_PRICES)
    add("--subsamplings", nargs="+", default=SUBSAMPLINGS[::-1])
    add("--out", type=Path, help="TSV to write")
    args = parser.parse_args()
    try:
        rows = [
            row
            for path in pictures(args.folders, args.every)
            for row in measure(path, settings_of(args))
        ]
        report(rows)
    except ComrecError as err:
        raise SystemExit(str(err)) from None
    if args.out:
        lines = ["\t".join(Row._fields)]
        lines += ["\t".join("" if v is None else str(v) for v in row) for row in rows]
        files.write(args.out, ("\n".join(lines) + "\n").encode())


def pictures(folders: list[Path], every: int) -> Iterator[Path]:
    for folder in folders:
        found = sorted(p for p in folder.glob("*") if p.suffix.lower() in PICTURES)
        if not found:
            raise UsageError(f"{folder}: no picture in it")
        yield from found[::every]


def settings_of(args: argparse.Namespace) -> list[tuple[str, float, float]]:
    """Returns subsamplings, ratios and prices: all ratios with the first price."""
    ratios = product(args.subsamplings, args.ratios, args.prices[:1])
    prices = product(args.subsamplings[:1], args.ratios[:1], args.prices[1:])
    return [*ratios, *prices]


def measure(path: Path, settings: list[tuple[str, float, float]]) -> Iterator[Row]:
    """Yields a row for every encoder and setting."""
    pixels = read_input(load(path)[0]).pixels
    for name, rival in (("libjpeg-turbo", PLAIN), ("mozjpeg", MOZJPEG)):
        for quality in QUALITIES:
            start = time.process_time()
            file = coding.encode(pixels, quality, rival)
            took = time.process_time() - start
            yield row_of(
                file, pixels, path.name, (name, "4:2:0", None, None, quality), took
            )
    for (mode, ratio, price), step in product(settings, LUMA_STEPS):
        start = time.process_time()
        file = trellis_encoder.encode(
            pixels, steps_of(step, ratio, mode), mode,
            price=step**2 * pixels.shape[2] / price if price else None,
        )  # fmt: skip
        took = time.process_time() - start
        yield row_of(file, pixels, path.name, ("own", mode, ratio, price, step), took)


def steps_of(luma_step: int, ratio: float, mode: str) -> trellis_encoder.Steps:
    if not ratio:
        return trellis_encoder.even_steps(luma_step, mode)
    return luma_step, min(max(round(luma_step * ratio), 1), 255)


def row_of(
    file: bytes,
    pixels: np.ndarray,
    name: str,
    setting: tuple[str, str, float | None, float | None, int],
    took_s: float,
) -> Row:
    quality_db = psnr_db(pixels, coding.decode(file))
    bpp = 8 * len(file) / (pixels.shape[0] * pixels.shape[1])
    return Row(
        *setting, name, len(file), round(bpp, 5), round(quality_db, 4), round(took_s, 3)
    )


def report(rows: list[Row]) -> None:
    """Prints BD-rate against libjpeg-turbo: of mean curves, and pictures' mean."""
    kinds = list(dict.fromkeys(row[:4] for row in rows))
    curves = {kind: [row for row in rows if row[:4] == kind] for kind in kinds}
    anchor = curves[kinds[0]]
    print(
        "encoder\tsubsampling\tratio\tprice\tBD-rate\tbelow 0.6 bpp\tfine steps\t"
        "mean over pictures"
    )
    for kind in kinds[1:]:
        other = curves[kind]
        gaps = [
            gap(mean(anchor), mean(other)),
            gap(mean(anchor), mean(other), LOW_BPP),
            gap(mean(fine(anchor)), mean(fine(other))),
            np.mean(
                [
                    gap(a, b)
                    for a, b in zip(singles(anchor), singles(other), strict=True)
                ]
            ),
        ]
        names = ["" if part is None else str(part) for part in kind]
        print("\t".join([*names, *(f"{value:.2f}" for value in gaps)]))


def fine(rows: list[Row]) -> list[Row]:
    if rows[0].encoder == "own":
        return [row for row in rows if row.setting <= FINE_STEP]
    return [row for row in rows if row.setting >= FINE_QUALITY]


def mean(rows: list[Row]) -> Curve:
    return mean_curve(Score(r.picture, r.setting, r.bpp, r.psnr_db) for r in rows)


def singles(rows: list[Row]) -> list[Curve]:
    """Returns a curve for each picture."""
    names = dict.fromkeys(row.picture for row in rows)
    return [
        Curve.through((r.bpp, r.psnr_db) for r in rows if r.picture == name)
        for name in names
    ]


def gap(anchor: Curve, other: Curve, until_bpp: float = math.inf) -> float:
    """Returns BD-rate in percent, NaN where curves share no quality."""
    found = bd_rate(anchor, other, until_bpp)
    return found.value if found else math.nan


if __name__ == "__main__":
    main()
