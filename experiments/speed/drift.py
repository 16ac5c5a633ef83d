"""Measures how far pictures restored in bfloat16 (OpenVINO) differ from float32.

Claim: restored pixels differ by less than 0.2 grey levels in the mean and 2 at most,
and lose 0.01 dB at most; a row for each preset, scale and JPEG quality.
Cost: a second per row and picture of 0.4 megapixels. Needs `comrec[fast]` and a CPU
with bfloat16.

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
from comrec.cli.console import spell
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
    mean_levels: float  # mean difference over all pixels
    worst_levels: int  # largest difference of a pixel
    lost_db: float  # mean over the pictures
    worst_lost_db: float
    cpu: str


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("pictures", type=Path, help="folder of pictures")
    add("--presets", nargs="+", default=PRESETS)
    add("--every", type=values.number(1, 10**6), default=1, metavar="N",
        help="take every N-th picture")  # fmt: skip
    add("--out", type=Path, help="TSV file to write")
    args = parser.parse_args()
    try:
        found = list(rows(args.pictures, args.presets, args.every))
    except ComrecError as err:
        raise SystemExit(f"drift: {spell(err)}") from None
    if args.out:
        files.write(args.out, report.as_tsv(Row._fields, found))


def rows(folder: Path, names: Sequence[str], every: int) -> Iterator[Row]:
    if not work.has_bfloat16():
        raise WeightsError("this CPU has no bfloat16. Run the script on one that has")
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
    """Returns the `difference` of bfloat16 from float32 for one picture."""
    exact = Codec(preset, scale, "openvino", exact=True)
    return difference(exact, Codec(preset, scale, "openvino"), quality, pixels)


def difference(
    exact: Codec, other: Codec, quality: int, pixels: np.ndarray
) -> tuple[float, int, float]:
    """Compares the pixels that two codecs restore from the same compact JPEG.

    Returns:
      Mean and largest difference in grey levels, and the PSNR that `other` loses, in
      dB.
    """
    coded = exact.encode(exact.compact(pixels), quality)
    expected = exact.restore(coded, pixels.shape[:2])
    restored = other.restore(coded, pixels.shape[:2])
    error = np.abs(np.subtract(expected, restored, dtype=np.int16))
    lost_db = psnr_db(pixels, expected) - psnr_db(pixels, restored)
    return float(error.mean()), int(error.max()), lost_db


if __name__ == "__main__":
    main()
