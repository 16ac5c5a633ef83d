"""Gain of rounds through the network: dB at equal bytes, over the rounds.

Claim: four rounds gain 0.3 dB over the trellis alone through the preset's own network,
at each scale, and 0.2 dB where comrec-base-3 looks through comrec-lite-2 (four squares
of 160 pixels: rounds.tsv). The trellis alone is already ahead of mozjpeg on squares so
small; why was not looked into.

Protocol: the square in the middle of every n-th picture of each folder by name, at one
scale and flat steps. Round 0 is the trellis alone. After each round the file is
written, decoded by Pillow and restored by the preset in float32; its gain is its PSNR
over that of a file of as many bytes by mozjpeg (flat table, the same compact image, the
same preset), by PCHIP over QUALITIES. No file lands on a target.

    python experiments/quality/rounds.py FOLDER ... --every 60 --side 160 --rounds 4 \\
        --out experiments/results/rounds.tsv

Pictures are those for validation, never those for tests.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
from plain_jpeg import pictures
from scipy.interpolate import PchipInterpolator

from comrec.api.compress import read_input
from comrec.encoder.receiver import Receiver
from comrec.encoder.rounds import Rounds, start, write
from comrec.image.metrics import psnr_db
from comrec.image.source import load
from comrec.jpeg import coefficients as co
from comrec.jpeg.layout import layout_of
from comrec.jpeg.quantisation import flat_table
from comrec.networks import presets
from comrec.networks.codec import Codec
from comrec.system import files

LITE, BASE = "comrec-lite-2", "comrec-base-3"
PAIRS = ((LITE, LITE), (BASE, LITE), (BASE, BASE))  # that restores, that is looked at
SCALES = (1, 1.5, 2)
STEPS = (40, 18)
QUALITIES = (6, 11, 18, 28, 40, 55, 70)
ROUNDS = 8


class Row(NamedTuple):
    preset: str
    guide: str
    scale: float
    step: int
    picture: str
    round: int
    accepted: float  # share of the MCUs that the round changed
    bytes: int
    psnr_db: float
    gain_db: float


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("folders", type=Path, nargs="+", help="of pictures")
    add("--every", type=int, default=1, help="take every n-th picture of a folder")
    add("--side", type=int, default=256, help="of the square, in pixels")
    add("--rounds", type=int, default=ROUNDS)
    add("--out", type=Path, required=True, help="TSV to write")
    args = parser.parse_args()
    found = []
    for path in pictures(args.folders, args.every):
        image = middle(read_input(load(path)[0]).pixels, args.side)
        for (name, guide), scale in product(PAIRS, SCALES):
            found += rows(path.name, image, name, guide, scale, args.rounds)
        lines = ["\t".join(Row._fields)]
        lines += ["\t".join(map(str, row)) for row in found]
        files.write(args.out, "\n".join([*lines, ""]).encode())
        print(path.name, flush=True)
    summary(found)


def middle(pixels: np.ndarray, side: int) -> np.ndarray:
    y, x = ((n - min(n, side)) // 2 for n in pixels.shape[:2])
    return np.ascontiguousarray(pixels[y : y + side, x : x + side])


def rows(
    picture: str, image: np.ndarray, name: str, guide: str, scale: float, last: int
) -> Iterator[Row]:
    codec = Codec(presets.find(name), scale, exact=True)
    compact = codec.compact(image)
    size, layout = image.shape[:2], layout_of(compact)

    def measure(data: bytes) -> tuple[int, float]:
        return len(data), psnr_db(image, codec.restore(data, size))

    anchors = sorted(measure(codec.encode(compact, q)) for q in QUALITIES)
    curve = PchipInterpolator(
        np.log([b for b, _ in anchors]), [db for _, db in anchors], extrapolate=True
    )
    receiver = Receiver(image, codec, layout, presets.find(guide))
    coefficients = co.coefficients_of(compact, layout)
    for step in STEPS:
        steps = [flat_table(step)] * layout.channels
        rounds = Rounds(receiver, start(coefficients, steps, layout, scale))
        for number in range(last + 1):
            if number:
                rounds.run()
            size_bytes, found_db = measure(write(rounds.choice, layout))
            gain_db = found_db - float(curve(np.log(size_bytes)))
            yield Row(
                name, guide, scale, step, picture, number, round(rounds.accepted, 3),
                size_bytes, round(found_db, 3), round(gain_db, 3),
            )  # fmt: skip


def summary(found: list[Row]) -> None:
    """Prints the mean gain after each round."""
    for (name, guide), scale in product(PAIRS, SCALES):
        same = [
            r for r in found if (r.preset, r.guide, r.scale) == (name, guide, scale)
        ]
        last = max(row.round for row in same)
        means = [
            np.mean([row.gain_db for row in same if row.round == number])
            for number in range(last + 1)
        ]
        print(name, guide, scale, *(f"{mean:+.2f}" for mean in means))


if __name__ == "__main__":
    main()
