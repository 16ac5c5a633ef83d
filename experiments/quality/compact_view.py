"""How the .jpg looks on its own, where ComCNN made it.

Claim: the rows say how far, against the plainly reduced image, the decoded compact
image falls behind what that image itself gives at the same bytes. Cost: a minute or two
for 24 pictures.

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

from comrec.api.compress import read_input
from comrec.encoder import root_finding
from comrec.errors import ComrecError, UsageError
from comrec.format.names import PICTURES
from comrec.image.metrics import psnr_db
from comrec.image.source import load
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
    view_psnr_db: float  # of the decoded compact image, against the reduced one
    plain_bytes: int
    plain_psnr_db: float  # of the reduced image at no more bytes
    loss_db: float


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("pictures", type=Path, help="folder")
    add("--preset", default=presets.DEFAULT)
    add("--every", type=int, default=1, help="take every n-th picture")
    add("--out", type=Path, help="TSV to write")
    add("--figure", type=Path, help="PNG: reduced, compact, reduced at its bytes")
    args = parser.parse_args()
    try:
        rows = measure(args)
    except ComrecError as err:
        raise SystemExit(str(err)) from None
    lines = ["\t".join(Row._fields), *("\t".join(map(str, row)) for row in rows)]
    for scale in dict.fromkeys(row.scale for row in rows):
        losses = [row.loss_db for row in rows if row.scale == scale]
        print(
            f"scale {scale}: {np.mean(losses):.2f} dB lost on the mean, "
            f"{max(losses):.2f} dB at worst, {len(losses)} files"
        )
    if args.out:
        files.write(args.out, ("\n".join(lines) + "\n").encode())


def measure(args: argparse.Namespace) -> list[Row]:
    preset = presets.find(args.preset)
    if not preset.compact_scales:
        raise UsageError(f"{preset.name}: has no ComCNN. Name another preset")
    paths = sorted(p for p in args.pictures.glob("*") if p.suffix.lower() in PICTURES)
    if not paths:
        raise UsageError(f"{args.pictures}: no picture in it")
    rows, shown = [], []
    for path in paths[:: args.every]:
        pixels = read_input(load(path)[0]).pixels
        for scale in preset.compact_scales:
            for row, views in compare(preset, scale, pixels, path.name):
                rows.append(row)
                if path == paths[0]:
                    shown.append(np.hstack(views))
    if args.figure:
        Image.fromarray(shown[1].squeeze()).save(args.figure)
    return rows


def compare(
    preset: presets.Preset, scale: float, pixels: np.ndarray, name: str
) -> Iterator[tuple[Row, list[np.ndarray]]]:
    """A row for each quality, with the three views of it."""
    codec = Codec(preset, scale)
    # Without its ComCNN a codec of this family reduces plainly.
    reduced = Codec(replace(preset, compact_scales=()), scale).compact(pixels)
    compact = codec.compact(pixels)
    space = codec.space(compact.shape[2])
    for quality in QUALITIES:
        coded = codec.encode(compact, quality)
        plain = finest(codec, reduced, len(coded))
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


def finest(codec: Codec, reduced: np.ndarray, most_bytes: int) -> bytes:
    """The plainly reduced image in so many bytes, or in the fewest there are."""
    quality = root_finding.find_largest(
        lambda q: len(codec.encode(reduced, q)) <= most_bytes, 1, 100
    )
    return codec.encode(reduced, quality or 1)


if __name__ == "__main__":
    main()
