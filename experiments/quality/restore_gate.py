"""The gate of `comrec restore`: what validation pictures gain, by sampling and quality.

Claim: at 4:2:0, by both changes together, and in grey every validation picture gains at
every quality to 95, by 1.1 dB on average at 4:2:0; sharper chroma, which the networks
take for noise, is left alone from where the rows say.
Cost: three minutes for both presets on a free core.

Protocol: crops from the middle of pictures, encoded by libjpeg-turbo with tables of
Annex K; PSNR is over R, G and B in 8 bits, against the decoded JPEG. `luma`, `chroma`
and `both` take that part of the network's change alone.

    python experiments/quality/restore_gate.py FOLDER ... --every 20 \\
        --out experiments/results/restore_gate.tsv --gates comrec/networks/gates.json

The rows are of every 31st picture of CID22's training set and every 5th of CLIC 2025's
validation set at half size. Make the file again when networks change.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import imagecodecs
import numpy as np

from comrec.api.compress import read_input
from comrec.api.restore import load_codec, part_of
from comrec.errors import ComrecError, UsageError
from comrec.format.names import PICTURES
from comrec.image.metrics import psnr_db
from comrec.image.source import load
from comrec.jpeg import analysis, coding
from comrec.networks.codec import Codec
from comrec.networks.gates import Decision
from comrec.system import files

SAMPLINGS = {
    "4:2:0": "420", "4:4:4": "444", "4:2:2": "422", "4:4:0": "440", "4:1:1": "411",
    "grey": "grey",
}  # fmt: skip
QUALITIES = (10, 30, 50, 70, 80, 90, 95, 98)
PARTS = {"luma": (True, False), "chroma": (False, True), "both": (True, True)}


class Row(NamedTuple):
    preset: str
    sampling: str
    quality: int
    picture: str
    luma_step: float
    chroma_step: float
    decoded_db: float
    luma_db: float
    chroma_db: float
    both_db: float


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("folders", type=Path, nargs="+", help="of validation pictures")
    add("--every", type=int, nargs="+", default=[1], help="n-th pictures of a folder")
    add("--presets", nargs="+", default=["comrec-base-3", "comrec-lite-2"])
    add("--side", type=int, default=128, help="of the crops, in pixels")
    add("--quick", action="store_true", help="two qualities of one picture")
    add("--out", type=Path, help="TSV to write")
    add("--gates", type=Path, help="JSON to write")
    args = parser.parse_args()
    qualities = (40, 85) if args.quick else QUALITIES
    try:
        chosen = list(pictures(args.folders, args.every))[: 1 if args.quick else None]
        rows = [
            row
            for name in args.presets
            for path in chosen
            for row in measure(
                path, load_codec(name, threads=1, exact=True), qualities, args.side
            )
        ]
    except ComrecError as err:
        raise SystemExit(str(err)) from None
    report(rows)
    if args.out:
        lines = ["\t".join(map(str, row)) for row in [Row._fields, *rows]]
        files.write(args.out, ("\n".join(lines) + "\n").encode())
    if args.gates:
        files.write(args.gates, (json.dumps(gates(rows), indent=1) + "\n").encode())


def pictures(folders: list[Path], every: list[int]) -> Iterator[Path]:
    for folder, step in zip(folders, every * len(folders), strict=False):
        found = sorted(p for p in folder.glob("*") if p.suffix.lower() in PICTURES)
        if not found:
            raise UsageError(f"{folder}: no picture in it")
        yield from found[::step]


def measure(
    path: Path, codec: Codec, qualities: tuple[int, ...], side: int
) -> Iterator[Row]:
    """Yields a row for each sampling and quality of one picture."""
    image = read_input(load(path)[0]).pixels
    y, x = (max((n - side) // 2, 0) for n in image.shape[:2])
    image = image[y : y + side, x : x + side]
    grey = np.rint(image @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)[..., None]
    for sampling, name in SAMPLINGS.items():
        pixels = np.ascontiguousarray(grey if sampling == "grey" else image)
        options = {} if sampling == "grey" else {"subsampling": name}
        for quality in qualities:
            file = imagecodecs.jpeg8_encode(pixels.squeeze(), level=quality, **options)
            decoded = coding.decode(file)
            before_db = psnr_db(pixels, decoded)
            change = codec.restore(file, pixels.shape[:2]).astype(np.float32) - decoded
            gains = []
            for part in PARTS.values():
                restored = np.rint(decoded + part_of(change, Decision(*part, 0)))
                restored = np.clip(restored, 0, 255).astype(np.uint8)
                gains.append(round(psnr_db(pixels, restored) - before_db, 3))
            traits = analysis.read(file)
            yield Row(
                codec.preset.name, sampling, quality, path.name,
                round(traits.luma_step, 3), round(traits.chroma_step, 3),
                round(before_db, 3), *gains,
            )  # fmt: skip


def groups(rows: list[Row]) -> dict[tuple[str, str, int], list[Row]]:
    found: dict[tuple[str, str, int], list[Row]] = {}
    for row in rows:
        found.setdefault((row.preset, row.sampling, row.quality), []).append(row)
    return found


def gates(rows: list[Row]) -> dict[str, dict[str, list[list[object]]]]:
    """Returns the points of `comrec.networks.gates` by preset and sampling."""
    table: dict[str, dict[str, list[list[object]]]] = {}
    for (preset, sampling, _), some in groups(rows).items():
        points = table.setdefault(preset, {}).setdefault(sampling, [])
        gains = [[getattr(r, f"{part}_db") for r in some] for part in PARTS]
        points.append(
            [some[0].luma_step, some[0].chroma_step]
            + [[round(float(np.mean(each)), 3), min(each)] for each in gains]
        )
    return table


def report(rows: list[Row]) -> None:
    """Prints the mean and the least gain of each part."""
    print("preset\tsampling\tquality\tpictures\tluma\tchroma\tboth")
    for key, some in groups(rows).items():
        gains = [[getattr(r, f"{part}_db") for r in some] for part in PARTS]
        cells = [f"{np.mean(each):.2f} ({min(each):.2f})" for each in gains]
        print("\t".join([*map(str, key), str(len(some)), *cells]))


if __name__ == "__main__":
    main()
