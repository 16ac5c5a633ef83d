"""Measures how the .jpg of a pair looks in a viewer that does not restore it.

Claim: measured against the bicubically reduced picture, the decoded compact image of
ComCNN is in the mean as close as a JPEG of the reduced picture of the same bytes, and
loses 1.0 dB at most.
Cost: a minute or two for 24 pictures.

    python experiments/quality/compact_view.py PICTURES --preset NAME \\
        --out experiments/results/compact_view.tsv --figure compact_view.png
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from comrec.apps.evaluate import sweep
from comrec.cli import values
from comrec.cli.console import spell
from comrec.encoder import root_finding
from comrec.errors import ComrecError, UsageError
from comrec.image.metrics import psnr_db
from comrec.jpeg import coding
from comrec.networks import presets
from comrec.networks.codec import Codec
from comrec.system import files

QUALITIES = (10, 25, 50, 75)  # of the compact JPEG


class Row(NamedTuple):
    preset: str
    hash: str
    scale: float
    quality: int
    picture: str
    jpeg_bytes: int
    view_psnr_db: float  # of the decoded compact image, against the reduced picture
    plain_bytes: int
    plain_psnr_db: float  # of a JPEG of the reduced picture in at most `jpeg_bytes`
    loss_db: float


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("pictures", type=Path, help="folder of pictures")
    add("--preset", default=presets.DEFAULT)
    add("--every", type=values.number(1, 10**6), default=1, metavar="N",
        help="take every N-th picture")  # fmt: skip
    add("--out", type=Path, help="TSV file to write")
    add(
        "--figure",
        type=Path,
        help="PNG to write: reduced picture, compact image, JPEG at its bytes",
    )
    args = parser.parse_args()
    try:
        rows = measure(args)
    except ComrecError as err:
        raise SystemExit(f"compact_view: {spell(err)}") from None
    lines = ["\t".join(Row._fields), *("\t".join(map(str, row)) for row in rows)]
    for scale in dict.fromkeys(row.scale for row in rows):
        losses = [row.loss_db for row in rows if row.scale == scale]
        print(
            f"scale {scale}: {np.mean(losses):.2f} dB lost in the mean, "
            f"{max(losses):.2f} dB at most, {len(losses)} files"
        )
    if args.out:
        files.write(args.out, ("\n".join(lines) + "\n").encode())


def measure(args: argparse.Namespace) -> list[Row]:
    preset = presets.find(args.preset)
    if not preset.compact_scales:
        raise UsageError(f"{preset.name}: has no ComCNN. Name another preset")
    subjects, _ = sweep.subjects(args.pictures, args.every)
    rows, sheets = [], []
    for subject in subjects:
        for scale in preset.compact_scales:
            for row, views in compare(
                preset, scale, subject.pixels(), subject.path.name
            ):
                rows.append(row)
                if subject == subjects[0]:
                    sheets.append(np.hstack(views))
    if args.figure:
        Image.fromarray(sheets[1].squeeze()).save(args.figure)
    return rows


def compare(
    preset: presets.Preset, scale: float, pixels: np.ndarray, name: str
) -> Iterator[tuple[Row, list[np.ndarray]]]:
    """Yields for each quality a row and three images to look at."""
    codec = Codec(preset, scale)
    # Without a ComCNN a codec of this family reduces by the bicubic filter.
    reduced = Codec(replace(preset, compact_scales=()), scale).compact(pixels)
    compact = codec.compact(pixels)
    space = codec.space(compact.shape[2])
    for quality in QUALITIES:
        coded = codec.encode(compact, quality)
        plain = encode_within(codec, reduced, len(coded))
        views = [reduced, *(coding.decode(file, space) for file in (coded, plain))]
        view_db, plain_db = (psnr_db(reduced, view) for view in views[1:])
        yield (
            Row(
                preset.name, preset.hash, scale, quality, name, len(coded),
                round(view_db, 3), len(plain), round(plain_db, 3),
                round(plain_db - view_db, 3),
            ),
            [to_rgb(view, space) for view in views],
        )  # fmt: skip


def to_rgb(view: np.ndarray, space: str) -> np.ndarray:
    if space == "RGB":
        return view
    height, width, _ = view.shape
    return np.asarray(
        Image.frombytes(space, (width, height), view.tobytes()).convert("RGB")
    )


def encode_within(codec: Codec, reduced: np.ndarray, max_bytes: int) -> bytes:
    """Returns the best JPEG of at most `max_bytes`, or the smallest where none fits."""
    quality = root_finding.find_largest(
        lambda q: len(codec.encode(reduced, q)) <= max_bytes, 1, 100
    )
    return codec.encode(reduced, quality or 1)


if __name__ == "__main__":
    main()
