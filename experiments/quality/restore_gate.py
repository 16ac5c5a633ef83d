"""The gate of `comrec restore`: the share of RecCNN's change that leaves least error.

Claim: with these shares validation pictures gain more than by the whole change, and
none loses at 4:2:0 and in grey at qualities to 95.
Cost: 15 minutes for both presets on a free core.

Protocol: crops from the middle of validation pictures, encoded by libjpeg-turbo with
tables of Annex K; PSNR is over R, G and B in 8 bits, against the decoded JPEG. The
share of a kind of block is <error, change> / <change, change> over all blocks of the
kind, within 0 to 1, times CAUTION; luma and chroma apart.

    python experiments/quality/restore_gate.py FOLDER ... --every 10 \\
        --out experiments/results/restore_gate.tsv --gates comrec/networks/gates.json

The rows are of every 10th picture of CID22's training set and of CLIC 2025's validation
set at half size, from which no network learned. Make the file again when networks
change.
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
from comrec.api.restore import load_codec, split, take_share
from comrec.errors import ComrecError, UsageError
from comrec.format.names import PICTURES
from comrec.image.metrics import psnr_db
from comrec.image.source import load
from comrec.jpeg import analysis, coding, quantisation
from comrec.networks import gates
from comrec.networks.codec import Codec
from comrec.networks.gates import KINDS, Decision
from comrec.system import files

SAMPLINGS = {
    "4:2:0": "420", "4:4:4": "444", "4:2:2": "422", "4:4:0": "440", "4:1:1": "411",
    "grey": "grey",
}  # fmt: skip
QUALITIES = (10, 30, 50, 70, 80, 90, 95, 98)
# Of the best shares. It costs 1 % of the gain, and pictures unlike those that were
# measured lose less.
CAUTION = 0.9


class Row(NamedTuple):
    preset: str
    sampling: str
    quality: int
    picture: str
    luma_step: float
    chroma_step: float
    decoded_db: float
    whole_db: float  # gain by the whole change
    gain_db: float  # gain by the shares


class Case(NamedTuple):
    """Holds one picture, its JPEG, and the network's change of that."""

    name: str
    pixels: np.ndarray
    decoded: np.ndarray
    change: np.ndarray
    kinds: np.ndarray
    steps: tuple[float, float]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("folders", type=Path, nargs="+", help="of validation pictures")
    add("--every", type=int, default=1, help="n-th pictures of each folder")
    add("--presets", nargs="+", default=["comrec-base-3", "comrec-lite-2"])
    add("--side", type=int, default=256, help="of the crops, in pixels")
    add("--quick", action="store_true", help="two qualities of one picture")
    add("--out", type=Path, help="TSV to write")
    add("--gates", type=Path, help="JSON to write")
    args = parser.parse_args()
    qualities = (40, 85) if args.quick else QUALITIES
    rows, table = list[Row](), dict[str, dict[str, list[object]]]()
    try:
        chosen = list(pictures(args.folders, args.every))[: 1 if args.quick else None]
        crops = {path.name: crop(path, args.side) for path in chosen}
        for name in args.presets:
            codec = load_codec(name, threads=1, exact=True)
            for sampling in SAMPLINGS:
                for quality in qualities:
                    found, point = measure(codec, crops, sampling, quality)
                    rows += found
                    table.setdefault(name, {}).setdefault(sampling, []).append(point)
    except ComrecError as err:
        raise SystemExit(str(err)) from None
    report(rows)
    if args.out:
        lines = ["\t".join(map(str, row)) for row in [Row._fields, *rows]]
        files.write(args.out, ("\n".join(lines) + "\n").encode())
    if args.gates:
        files.write(args.gates, as_json(table))


def pictures(folders: list[Path], every: int) -> Iterator[Path]:
    for folder in folders:
        found = sorted(p for p in folder.glob("*") if p.suffix.lower() in PICTURES)
        if not found:
            raise UsageError(f"{folder}: no picture in it")
        yield from found[::every]


def crop(path: Path, side: int) -> np.ndarray:
    """Returns the middle of a picture."""
    image = read_input(load(path)[0]).pixels
    y, x = (max((n - side) // 2, 0) for n in image.shape[:2])
    return image[y : y + side, x : x + side]


def measure(
    codec: Codec, crops: dict[str, np.ndarray], sampling: str, quality: int
) -> tuple[list[Row], list[object]]:
    """Returns the rows of one quality, and its point of `comrec.networks.gates`."""
    cases = [
        make_case(codec, name, pixels, sampling, quality)
        for name, pixels in crops.items()
    ]
    decision = find_shares(cases)
    rows = [
        Row(
            codec.preset.name, sampling, quality, case.name,
            *(round(step, 3) for step in case.steps),
            *(round(value, 3) for value in gains(case, decision)),
        )
        for case in cases
    ]  # fmt: skip
    found = [row.gain_db for row in rows]
    point = [
        *rows[0][4:6], decision.luma, decision.chroma,
        [round(float(np.mean(found)), 3), min(found)],
    ]  # fmt: skip
    return rows, point


def make_case(
    codec: Codec, name: str, image: np.ndarray, sampling: str, quality: int
) -> Case:
    """Encodes and restores one picture."""
    if sampling == gates.GREY:
        image = np.rint(image @ np.array([0.299, 0.587, 0.114]))[..., None]
    pixels = np.ascontiguousarray(image.astype(np.uint8))
    options = {} if sampling == gates.GREY else {"subsampling": SAMPLINGS[sampling]}
    file = imagecodecs.jpeg8_encode(pixels.squeeze(), level=quality, **options)
    decoded, tables = coding.decode(file), quantisation.read_tables(file)
    change = codec.restore(file, pixels.shape[:2]).astype(np.float32) - decoded
    kinds = gates.kinds_of(analysis.count_kept(decoded, tables))
    return Case(name, pixels, decoded, change, kinds, analysis.log_steps(tables))


def find_shares(cases: list[Case]) -> Decision:
    """Returns the shares that leave least squared error over all pictures."""
    products = np.zeros((2, 2, len(KINDS)))  # <error, change>, <change, change>
    for case in cases:
        errors = split(case.pixels.astype(np.float32) - case.decoded)
        changes = split(case.change)
        for part, (error, change) in enumerate(zip(errors, changes, strict=True)):
            products[part, 0] += sums_by_kind(error * change, case.kinds)
            products[part, 1] += sums_by_kind(change * change, case.kinds)
    best = products[:, 0] / np.maximum(products[:, 1], 1e-9)
    shares = CAUTION * np.clip(best, 0, 1)
    for kind in range(1, len(KINDS)):  # no such block: as the next smoother ones
        is_missing = products[0, 1, kind] == 0
        shares[:, kind] = shares[:, kind - 1] if is_missing else shares[:, kind]
    luma, chroma = (tuple(map(float, each)) for each in shares.round(3))
    return Decision(luma, chroma, expected_db=1.0)


def sums_by_kind(values: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """Sums values (h, w, C) over the blocks of each kind."""
    spread = kinds.repeat(8, 0).repeat(8, 1)[: values.shape[0], : values.shape[1]]
    return np.bincount(spread.ravel(), values.sum(axis=2).ravel(), len(KINDS))


def gains(case: Case, decision: Decision) -> tuple[float, float, float]:
    """Returns the PSNR of the JPEG, and the gains by the whole change and by shares."""
    before_db = psnr_db(case.pixels, case.decoded)
    found = []
    for change in (case.change, take_share(case.change, case.kinds, decision)):
        restored = np.clip(np.rint(case.decoded + change), 0, 255).astype(np.uint8)
        found.append(psnr_db(case.pixels, restored) - before_db)
    return before_db, found[0], found[1]


def as_json(table: dict[str, dict[str, list[object]]]) -> bytes:
    """Writes the gates with a line for each quality."""
    presets = [
        f"{json.dumps(preset)}: {{\n"
        + ",\n".join(
            f" {json.dumps(sampling)}: [\n"
            + ",\n".join("  " + json.dumps(point) for point in points)
            + "\n ]"
            for sampling, points in samplings.items()
        )
        + "\n}"
        for preset, samplings in table.items()
    ]
    return ("{\n" + ",\n".join(presets) + "\n}\n").encode()


def report(rows: list[Row]) -> None:
    """Prints the mean and the least gain, by the whole change and by the shares."""
    print("preset\tsampling\tquality\tpictures\twhole\tshares")
    for key in dict.fromkeys(row[:3] for row in rows):
        some = [row for row in rows if row[:3] == key]
        cells = [
            f"{np.mean(each):.2f} ({min(each):.2f})"
            for each in ([r.whole_db for r in some], [r.gain_db for r in some])
        ]
        print("\t".join([*map(str, key), str(len(some)), *cells]))


if __name__ == "__main__":
    main()
