"""Measures what a run of tune.py gains over the preset that it started from.

Claim: RecCNN gains on files of comrec's own encoder, at full and at half size, and on
ordinary JPEGs of every quality. From quality 30 on it costs their smooth blocks at most
0.02 dB, not 2.5 dB. On mozjpeg's flat files it loses 0.01 dB.

Protocol: the square in the middle of every n-th picture of each folder by name. `own`
files have a compact image by ComCNN of the preset, flat steps, and two rounds through
comrec-lite-2; `ordinary` ones are Pillow's, 4:2:0; `flat` ones mozjpeg's, with the
compact image at full size. Both networks restore the same files in float32; PSNR is
over R, G and B in 8 bits, of the square and of the smoothest quarter of its blocks of
8 pixels, where networks are prone to change what was right. Cost: three minutes on a
free core for eight pictures.

    python experiments/training/tune_gain.py cid22 clic2025_half --every 30 \\
        --run runs/comrec-base-4 --out experiments/results/tune.tsv

Pictures are those for validation, never those for tests: n is a multiple of ten.
"""

from __future__ import annotations

import argparse
import collections
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import training_script

from comrec.errors import UsageError
from comrec.jpeg import coding
from comrec.networks import presets
from comrec.networks.codec import Codec
from comrec.networks.engine import Network
from comrec.train.alternating.data import list_pictures, load_picture
from comrec.train.joint import samples
from comrec.train.prepared import coders, own

HELD_BACK = 10
SIDE_PX = 256
QUALITIES = (10, 30, 50, 70, 90)
SCALES, STEPS, ROUNDS = (1, 2), (44, 18), 2
FLAT_QUALITY = 30
SMOOTH_SHARE = 0.25
ERROR_MIN = 1e-3  # 78 dB: the mean over pictures is to be a number


class Row(NamedTuple):
    picture: str
    origin: str
    setting: int  # step of own files, quality of others
    scale: float
    bytes: int
    decoded_db: float
    start_db: float
    tuned_db: float
    gain_db: float
    smooth_decoded_db: float
    smooth_start_db: float
    smooth_tuned_db: float
    steps: int  # of the run


def main() -> None:
    training_script.call(measure, parse(sys.argv[1:]), "the same command")


def parse(argv: list[str]) -> argparse.Namespace:
    parser = training_script.parser(__doc__)
    add = parser.add_argument
    add("folders", type=training_script.folder, nargs="+", help="of pictures")
    add(
        "--every", type=int, default=3 * HELD_BACK,
        help=f"take every n-th picture, n a multiple of {HELD_BACK}",
    )  # fmt: skip
    add("--run", type=Path, required=True, help="folder of the run")
    add("--preset", default=own.PRESET, help="to compare with")
    add("--side-px", type=int, default=SIDE_PX, help="of the squares")
    add("--out", type=Path, required=True, help="TSV to write")
    return parser.parse_args(argv)


def measure(args: argparse.Namespace) -> None:
    """Writes a row for each file, and prints the mean and the least gain by origin."""
    if args.every % HELD_BACK:
        raise UsageError(
            f"`every` must be a multiple of {HELD_BACK}: other pictures are for "
            f"training. Received: {args.every}"
        )
    preset = presets.find(args.preset)
    network, steps = load_network(args.run)
    found: list[Row] = []
    for path in [p for f in args.folders for p in list_pictures(f)[:: args.every]]:
        image = cut_middle(load_picture(path, 3), args.side_px)
        for origin, setting, scale, data in encode_all(image):
            whole, smooth = restore_all(
                image, data, Codec(preset, scale, exact=True),
                Codec(preset, scale, networks={"reccnn": network}),
            )  # fmt: skip
            gain_db = round(whole[2] - whole[1], 3)
            found.append(Row(
                path.name, origin, setting, scale, len(data), *whole, gain_db, *smooth,
                steps,
            ))  # fmt: skip
        training_script.write_rows(args.out, Row._fields, found)
    summarise(found)


def restore_all(
    image: np.ndarray, data: bytes, *codecs: Codec
) -> tuple[list[float], list[float]]:
    """Returns the PSNR of the enlarged file, and of what each codec restores.

    Returns:
      dB of the whole square, and dB of its smoothest blocks.
    """
    enlarged = coders.enlarge(coding.decode(data), codecs[0].scale, image.shape[0])
    restored = [codec.restore(data, image.shape[:2]) for codec in codecs]
    shown, blocks = [samples.to_uint8(enlarged), *restored], split(image)
    variances = blocks.var((1, 2)).sum(-1)
    smooth = variances <= np.quantile(variances, SMOOTH_SHARE)
    errors = [np.square(split(each) - blocks).mean((1, 2, 3)) for each in shown]

    def read(error: np.ndarray) -> float:
        return round(float(10 * np.log10(255**2 / max(error.mean(), ERROR_MIN))), 3)

    return [read(each) for each in errors], [read(each[smooth]) for each in errors]


def split(pixels: np.ndarray) -> np.ndarray:
    """Splits a square into blocks, float64 (N, 8, 8, 3)."""
    count = pixels.shape[0] // 8
    blocks = pixels.reshape(count, 8, count, 8, 3).swapaxes(1, 2)
    return blocks.reshape(-1, 8, 8, 3).astype(float)


def load_network(folder: Path) -> tuple[Network, int]:
    """Returns RecCNN of the best epoch of a run, and the steps that it has learned."""
    from comrec.train.joint.finished import FinishedJoint

    finished = FinishedJoint.find(folder)
    *_, reccnn = finished.load_models()
    steps = sum(row["steps"] for row in finished.rows if row["event"] == "epoch")

    def restore(image: np.ndarray, *conditions: np.ndarray) -> np.ndarray:
        return np.asarray(reccnn.predict_on_batch([image, *conditions]))

    return restore, steps


def cut_middle(pixels: np.ndarray, side_px: int) -> np.ndarray:
    """Cuts a square from the middle of a picture, uint8 (H, W, 3)."""
    y, x = ((length - min(length, side_px)) // 2 for length in pixels.shape[:2])
    return np.ascontiguousarray(pixels[y : y + side_px, x : x + side_px])


def encode_all(image: np.ndarray) -> Iterator[tuple[str, int, float, bytes]]:
    """Yields origin, setting, scale and file, of all files of a picture."""
    for scale in SCALES:
        for step in STEPS:
            settings = own.Settings(step / scale, rounds=ROUNDS)
            yield "own", step, scale, own.encode(image, scale, settings)
    encode = coders.ENCODERS[coders.FALLBACK].encode
    for quality in QUALITIES:
        yield "ordinary", quality, 1, encode(image, quality, "4:2:0")
    flat = samples.build_settings("flat")
    yield "flat", FLAT_QUALITY, 1, coding.encode(image, FLAT_QUALITY, flat)


def summarise(found: list[Row]) -> None:
    """Prints means and worst pictures by origin: gains over the start, and over JPEG.

    Gains over JPEG are from that of the start to that of the run.
    """
    by_origin = collections.defaultdict(list)
    for row in found:
        by_origin[row.origin, row.setting, row.scale].append(row)

    def write(rows: list[Row], after: str, before: str) -> str:
        gains = [getattr(row, after) - getattr(row, before) for row in rows]
        return f"{np.mean(gains):+.3f} (least {min(gains):+.3f})"

    for (origin, setting, scale), rows in by_origin.items():
        start, tuned, smooth_start, smooth_tuned = (
            write(rows, f"{part}{name}_db", f"{part}decoded_db")
            for part in ("", "smooth_")
            for name in ("start", "tuned")
        )
        print(
            f"{origin:>9} {setting:>2}, scale {scale}: over the start "
            f"{write(rows, 'tuned_db', 'start_db')}; over JPEG {start} to {tuned}; "
            f"in smooth blocks {smooth_start} to {smooth_tuned} dB"
        )


if __name__ == "__main__":
    main()
