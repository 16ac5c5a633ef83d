"""What `comrec restore` gains on ordinary JPEGs: dB before and after.

Claim: no file of the sets is worse than its input by more than 0.02 dB, but for those
of LOSSY. Of a JPEG that was saved again at a higher quality, what the first save lost
is undone all the same.
Cost: 12 minutes for Kodak and Set14 on a free core.

Protocol: libjpeg-turbo in Pillow, tables of Annex K, 4:2:0; the restored picture and
the decoded JPEG against the picture that was encoded; PSNR over R, G and B in 8 bits.
`comrec.restore` is called as users call it, with its gate.

    python experiments/quality/restore.py FOLDER ... \
        --out experiments/results/restore.tsv
    python experiments/quality/restore.py FOLDER --every 4 --earlier 40 60 75 \
        --qualities 90 95 --out experiments/results/restore_again.tsv

The rows of JPEGs that were saved again are of every fourth Kodak picture.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from comrec.api.compress import read_input
from comrec.api.restore import load_codec, restore_jpeg
from comrec.errors import ComrecError, UsageError
from comrec.format.names import PICTURES
from comrec.image.metrics import psnr_db
from comrec.image.picture import Picture
from comrec.image.source import load
from comrec.networks import presets
from comrec.networks.codec import Codec
from comrec.system import files

QUALITIES = (10, 30, 50, 70, 90)
# Pictures of Set14 that were a JPEG or a frame of a video before, on the same blocks:
# what comes closer to the picture before that loss is further from the file of the set.
LOSSY = ("coastguard.png", "foreman.png", "zebra.png")


class Row(NamedTuple):
    set: str  # "set14, lossy": its pictures of LOSSY
    picture: str
    preset: str
    earlier: int  # quality of a JPEG before this one, on the same blocks; 0: none
    quality: int
    outcome: str
    decoded_db: float
    restored_db: float
    gain_db: float
    expected_db: float


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("folders", type=Path, nargs="+", help="of pictures")
    add("--every", type=int, default=1, help="take every n-th picture of a folder")
    add(
        "--earlier",
        type=int,
        nargs="+",
        default=[0],
        help="save at it before; 0: do not",
    )
    add("--qualities", type=int, nargs="+", default=QUALITIES)
    add("--preset", default=presets.DEFAULT)
    add("--quick", action="store_true", help="one quality of one picture")
    add("--out", type=Path, help="TSV to write")
    args = parser.parse_args()
    try:
        chosen = list(pictures(args.folders, args.every))[: 1 if args.quick else None]
        qualities = args.qualities[: 1 if args.quick else None]
        codec = load_codec(args.preset, threads=1)
        rows = [
            row
            for path in chosen
            for earlier in args.earlier
            for row in measure(path, codec, earlier, qualities)
        ]
    except ComrecError as err:
        raise SystemExit(str(err)) from None
    report(rows)
    if args.out:
        lines = ["\t".join(map(str, row)) for row in [Row._fields, *rows]]
        files.write(args.out, ("\n".join(lines) + "\n").encode())


def pictures(folders: list[Path], every: int) -> Iterator[Path]:
    for folder in folders:
        found = sorted(p for p in folder.glob("*") if p.suffix.lower() in PICTURES)
        if not found:
            raise UsageError(f"{folder}: no picture in it")
        yield from found[::every]


def save(pixels: np.ndarray, quality: int) -> bytes:
    """Returns a JPEG by libjpeg-turbo, 4:2:0 and with tables of Annex K."""
    out = io.BytesIO()
    image = Image.fromarray(Picture(pixels).to_array())
    image.save(out, "JPEG", quality=quality, subsampling="4:2:0")
    return out.getvalue()


def measure(
    path: Path, codec: Codec, earlier: int, qualities: list[int]
) -> Iterator[Row]:
    pixels = read_input(load(path)[0]).pixels
    first = read_input(save(pixels, earlier)).pixels if earlier else pixels
    for quality in qualities:
        file = save(first, quality)
        before_db = psnr_db(pixels, read_input(file).pixels)
        made = restore_jpeg(file, codec)
        after_db = psnr_db(pixels, made.picture.pixels)
        kind = ", lossy" if path.name in LOSSY else ""
        yield Row(
            path.parent.name + kind, path.name, codec.preset.name, earlier, quality,
            made.outcome,
            round(before_db, 3), round(after_db, 3), round(after_db - before_db, 3),
            round(made.expected_db, 3),
        )  # fmt: skip


def report(rows: list[Row]) -> None:
    """Prints the mean and the least gain at each quality of each set."""
    print("set\tearlier\tquality\tpictures\tbefore\tafter\tgain\tleast\texpected")
    for key in dict.fromkeys((row.set, row.earlier, row.quality) for row in rows):
        some = [row for row in rows if (row.set, row.earlier, row.quality) == key]
        means = [
            sum(getattr(row, f"{name}_db") for row in some) / len(some)
            for name in ("decoded", "restored", "gain", "expected")
        ]
        least = min(row.gain_db for row in some)
        cells = [*means[:3], least, means[3]]
        print("\t".join([*map(str, key), str(len(some)), *(f"{c:.2f}" for c in cells)]))


if __name__ == "__main__":
    main()
