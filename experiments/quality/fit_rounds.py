"""Expected effects of rounds, of the price of a bit and of the guide, to be fitted.

Claim: the constants of comrec/encoder/fitted.py are those that the rows give.

Protocol: the square in the middle of every n-th picture of each folder by name, at
each scale, at flat steps, at three prices. After each round through the guide the
bytes of the file and the PSNR that the guide shows are noted, and the PSNR by the
preset of the decoded file at the start and at the end. Medians of the rows are printed.

    python experiments/quality/fit_rounds.py FOLDER ... --every 30 --side 192 \\
        --out experiments/results/fit_rounds.tsv

Pictures are those for validation, never those for tests.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path
from typing import NamedTuple

import numpy as np
from plain_jpeg import pictures
from rounds import middle

from comrec.api.compress import read_input
from comrec.encoder.receiver import Receiver
from comrec.encoder.rounds import Rounds, start, write
from comrec.image.metrics import psnr_db, psnr_of
from comrec.image.source import load
from comrec.jpeg import coefficients as co
from comrec.jpeg.layout import layout_of
from comrec.jpeg.quantisation import flat_table
from comrec.networks import presets
from comrec.networks.codec import Codec
from comrec.system import files

PRESET, GUIDE = "comrec-base-3", "comrec-lite-2"
SCALES = (1, 1.5, 2)
STEPS = (80, 40, 20)  # at scale 1, and finer at others
OCTAVES = (-0.5, 0.0, 0.5)  # of the price, over that of the steps
ROUNDS = 4
LEFTS = np.arange(0.3, 0.96, 0.01)


class Row(NamedTuple):
    picture: str
    scale: float
    step: float
    octaves: float
    round: int
    bytes: int
    shown_db: float
    found_db: float | None


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("folders", type=Path, nargs="+", help="of pictures")
    add("--every", type=int, default=1, help="take every n-th picture of a folder")
    add("--side", type=int, default=192, help="of the square, in pixels")
    add("--out", type=Path, required=True, help="TSV to write")
    args = parser.parse_args()
    found: list[Row] = []
    for path in pictures(args.folders, args.every):
        image = middle(read_input(load(path)[0]).pixels, args.side)
        for scale in SCALES:
            found += rows(path.name, image, scale)
        lines = ["\t".join(Row._fields)]
        lines += [
            "\t".join("" if cell is None else str(cell) for cell in row)
            for row in found
        ]
        files.write(args.out, "\n".join([*lines, ""]).encode())
        print(path.name, flush=True)
    for name, value in fit(found).items():
        print(f"{name} = {value:.3f}")


def rows(picture: str, image: np.ndarray, scale: float) -> Iterator[Row]:
    codec = Codec(presets.find(PRESET), scale, exact=True)
    compact = codec.compact(image)
    layout = layout_of(compact)
    receiver = Receiver(image, codec, layout, presets.find(GUIDE))
    coefficients = co.coefficients_of(compact, layout)
    for step, octaves in product((each / scale for each in STEPS), OCTAVES):
        steps = [flat_table(step)] * layout.channels
        rounds = Rounds(receiver, start(coefficients, steps, layout, scale))
        price = rounds.choice.price * 2**octaves
        rounds.choice = replace(rounds.choice, price=price)
        for number in range(ROUNDS + 1):
            if number:
                rounds.run()
            data, found_db = write(rounds.choice, layout), None
            if number in (0, ROUNDS) and not octaves:
                restored = codec.restore(data, image.shape[:2])
                found_db = round(psnr_db(image, restored), 3)
            shown_db = psnr_of(round(rounds.error), image.size)
            yield Row(
                picture, scale, round(step, 2), octaves, number, len(data),
                round(shown_db, 3), found_db,
            )  # fmt: skip


def fit(found: list[Row]) -> dict[str, float]:
    """Returns the constants by name: medians over pictures, scales and steps."""
    by_key = {(r.picture, r.scale, r.step, r.octaves, r.round): r for r in found}
    runs = sorted({key[:3] for key in by_key})

    def over_rounds(value: Callable[[Row], float]) -> list[np.ndarray]:
        """Lists the changes by the rounds, and the falls by a doubled price."""
        values = np.array(
            [
                [
                    [value(by_key[*run, octaves, n]) for n in range(ROUNDS + 1)]
                    for octaves in OCTAVES
                ]
                for run in runs
            ]
        )
        change = values[:, 1] - values[:, 1, :1]
        fall = (values[:, 0] - values[:, 2]) / (OCTAVES[2] - OCTAVES[0])
        return [np.median(each, 0)[1:] for each in (change, fall)]

    rise_db, price_db = over_rounds(lambda row: row.shown_db)
    rise_log2, price_log2 = over_rounds(lambda row: math.log2(row.bytes))
    numbers = np.arange(1, ROUNDS + 1)

    def rise_of(left: float) -> tuple[float, float]:
        shape = 1 - left**numbers
        rise = float(shape @ rise_db / (shape @ shape))
        return float(np.square(rise * shape - rise_db).sum()), rise

    left = float(min(LEFTS, key=lambda each: rise_of(each)[0]))
    slope_db, slope_log2 = (np.polyfit(numbers, y, 1) for y in (price_db, price_log2))
    starts = [by_key[*run, 0.0, 0] for run in runs]
    ends = [by_key[*run, 0.0, ROUNDS] for run in runs]
    offsets = [
        np.array([row.found_db - row.shown_db for row in some])
        for some in (starts, ends)
    ]
    slopes = [
        math.log2(a.bytes / b.bytes) / (a.found_db - b.found_db)
        for a, b in pairwise(starts)
        if (a.picture, a.scale) == (b.picture, b.scale)
    ]
    return {
        "rise_db": rise_of(left)[1],
        "rise_log2": float(rise_log2[-1] / (1 - left**ROUNDS)),
        "left": left,
        "price_db": float(slope_db[1] + slope_db[0]),
        "price_log2": float(slope_log2[1] + slope_log2[0]),
        "price_round_db": float(slope_db[0]),
        "price_round_log2": float(slope_log2[0]),
        "guide_db": float(np.median(offsets[0])),
        "guided_db": float(np.median(offsets[1] - offsets[0])),
        "log2_bytes_per_db": float(np.median(slopes)),
    }


if __name__ == "__main__":
    main()
