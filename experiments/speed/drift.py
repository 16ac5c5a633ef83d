"""How far restoring in bfloat16 (OpenVINO) comes out from float32.

Claim: the rows say, for each preset, scale and JPEG quality, by how many grey levels
the restored pixels differ, in the mean and at worst, and what that costs in PSNR.
Cost: a second for each row of a picture of 0.4 megapixels. Needs `comrec[fast]` and a
CPU that has bfloat16.

    python experiments/speed/drift.py PICTURES --out experiments/results/drift.tsv
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from speed_parts import report, work

from comrec.apps.evaluate import sweep
from comrec.cli import values
from comrec.errors import ComrecError, WeightsError
from comrec.image.metrics import psnr_db
from comrec.networks import presets
from comrec.networks.codec import Codec
from comrec.system import files

PRESETS = (presets.DEFAULT, "comrec-lite-2")
QUALITIES = (10, 40, 80)


class Row(NamedTuple):
    preset: str
    hash: str
    engine: str
    scale: float
    jpeg_quality: int
    pictures: int
    mean_levels: float  # of all pixels
    worst_levels: int  # of any
    lost_db: float  # mean over pictures
    worst_lost_db: float
    cpu: str


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("pictures", type=Path, help="folder")
    add("--presets", nargs="+", default=PRESETS)
    add("--every", type=values.number(1, 10**6), default=1, help="n-th picture alone")
    add("--out", type=Path, help="TSV to write")
    args = parser.parse_args()
    try:
        found = list(rows(args.pictures, args.presets, args.every))
    except ComrecError as err:
        raise SystemExit(str(err)) from None
    if args.out:
        lines = ["\t".join(Row._fields), *("\t".join(map(str, row)) for row in found)]
        files.write(args.out, ("\n".join(lines) + "\n").encode())


def rows(folder: Path, names: Sequence[str], every: int) -> Iterator[Row]:
    if not work.has_bfloat16():
        raise WeightsError("this CPU has no bfloat16, so there is nothing to measure")
    subjects, _ = sweep.subjects(folder, every)
    pictures = [subject.pixels() for subject in subjects]
    for name in names:
        preset = presets.find(name)
        for scale in preset.scales:
            for quality in QUALITIES:
                found = [measure(preset, scale, quality, one) for one in pictures]
                mean, worst, lost = (
                    np.array(column) for column in zip(*found, strict=True)
                )
                row = Row(
                    name, preset.hash, report.engine_version("openvino"), scale,
                    quality, len(found), round(float(mean.mean()), 4), int(worst.max()),
                    round(float(lost.mean()), 4), round(float(lost.max()), 4),
                    report.cpu_model(),
                )  # fmt: skip
                print(row, flush=True)
                yield row


def measure(
    preset: presets.Preset, scale: float, quality: int, pixels: np.ndarray
) -> tuple[float, int, float]:
    """Of bfloat16 from float32, as `difference` has it."""
    exact = Codec(preset, scale, "openvino", exact=True)
    return difference(exact, Codec(preset, scale, "openvino"), quality, pixels)


def difference(
    exact: Codec, other: Codec, quality: int, pixels: np.ndarray
) -> tuple[float, int, float]:
    """Mean and worst difference in grey levels, and dB lost by another codec."""
    coded = exact.encode(exact.compact(pixels), quality)
    wanted = exact.restore(coded, pixels.shape[:2])
    came = other.restore(coded, pixels.shape[:2])
    error = np.abs(np.subtract(wanted, came, dtype=np.int16))
    lost_db = psnr_db(pixels, wanted) - psnr_db(pixels, came)
    return float(error.mean()), int(error.max()), lost_db


if __name__ == "__main__":
    main()
