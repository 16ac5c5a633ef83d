"""BD-rate of comrec at rest: its files packed by `comrec pack`, beside AVIF's.

Claim: packed, the files of comrec take so many fewer bytes at the same PSNR that they
are at or below AVIF's on Kodak. Protocol: the settings, codecs and RGB PSNR of
`comrec evaluate`; a picture is compressed once for each point, and the row has the
bytes of all files with the .jpg as it is and packed (the sidecar stays as it is). Each
.jpg is unpacked and compared. Times are the second of two runs, in seconds, with the
pixels of the original; a process that starts adds 0.1 s once. Cost: that of `comrec
compress -q` at nine settings for each picture and preset; settings that have rows are
not measured again.

    python experiments/quality/at_rest.py PICTURES --jobs 2 --out at_rest.tsv

The summary goes beside the rows, as at_rest-summary.tsv.
"""

from __future__ import annotations

import argparse
import csv
import functools
import math
import multiprocessing
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

from comrec.apps.evaluate import bd, interface, peers, sweep
from comrec.apps.evaluate.bd import Score
from comrec.apps.evaluate.sweep import Subject
from comrec.image.metrics import psnr_db
from comrec.jpeg import lepton
from comrec.networks import presets
from comrec.system import files

OWN = tuple(f"comrec:{name}" for name in (presets.DEFAULT, "comrec-lite-2"))
CODECS = (peers.ANCHOR, "avif", *OWN)
REST = " at rest"


class Row(NamedTuple):
    codec: str
    version: str
    setting: float
    picture: str
    pixels: int
    total_bytes: int  # of all files
    jpeg_bytes: int  # 0 for codecs that write no JPEG
    packed_bytes: int
    rgb_psnr_db: float
    pack_s: float
    unpack_s: float

    @property
    def rest_bytes(self) -> int:
        return self.total_bytes - self.jpeg_bytes + self.packed_bytes


class Line(NamedTuple):
    codec: str
    pictures: int
    bd_rate_percent: float  # to plain JPEG
    saved_percent: float  # by packing, of all bytes
    pack_s_per_mp: float
    unpack_s_per_mp: float


def measure(task: tuple[str, float, Subject]) -> Row:
    """Compresses, restores and packs one picture at one setting."""
    codec, setting, subject = task
    peer, pixels = _find(codec), subject.pixels()
    made = peer.encode(pixels, setting)
    restored = peer.decode(made)
    jpeg = made[0] if made[0][:2] == b"\xff\xd8" else b""
    packed, times = b"", (0.0, 0.0)
    for _ in range(2 if jpeg else 0):
        started = time.perf_counter()
        packed = lepton.pack(jpeg)
        between = time.perf_counter()
        if lepton.unpack(packed) != jpeg:
            raise SystemExit(f"{subject.path}: did not come back")
        times = between - started, time.perf_counter() - between
    return Row(
        codec, peer.version, setting, subject.path.stem, pixels[..., 0].size,
        sum(map(len, made)), len(jpeg), len(packed),
        round(psnr_db(pixels, restored), 4), *(round(s, 4) for s in times),
    )  # fmt: skip


@functools.lru_cache(maxsize=1)
def _find(codec: str) -> interface.Peer:
    return peers.find(codec, threads=1)


def summarise(found: Sequence[Row]) -> list[Line]:
    """Returns a line for each codec, and for each that writes JPEGs one at rest."""
    anchor = _curve(_of(found, peers.ANCHOR), at_rest=False)
    lines = []
    for codec in dict.fromkeys(row.codec for row in found):
        rows = _of(found, codec)
        packs = any(row.packed_bytes for row in rows)
        for at_rest in (False, True) if packs else (False,):
            gap = bd.bd_rate(anchor, _curve(rows, at_rest))
            saved = 100 * (1 - sum(r.rest_bytes for r in rows) / _total(rows))
            megapixels = sum(row.pixels for row in rows) / 1e6
            pack_s, unpack_s = (
                sum(s) / megapixels
                for s in zip(*((r.pack_s, r.unpack_s) for r in rows), strict=True)
            )
            shown = (saved, pack_s, unpack_s) if at_rest else (0.0, 0.0, 0.0)
            lines.append(
                Line(
                    codec + REST * at_rest, len({row.picture for row in rows}),
                    round(gap.value, 2) if gap else math.nan,
                    *(round(number, 3) for number in shown),
                )
            )  # fmt: skip
    return lines


def _of(found: Iterable[Row], codec: str) -> list[Row]:
    return [row for row in found if row.codec == codec]


def _total(rows: Iterable[Row]) -> int:
    return sum(row.total_bytes for row in rows)


def _curve(rows: Iterable[Row], at_rest: bool) -> bd.Curve:
    return bd.mean_curve(
        Score(
            row.picture, row.setting,
            8 * (row.rest_bytes if at_rest else row.total_bytes) / row.pixels,
            row.rgb_psnr_db,
        )
        for row in rows
    )  # fmt: skip


def read(path: Path) -> list[Row]:
    """Returns the rows of an earlier run; none without one."""
    if not path.exists():
        return []
    kinds = (str, str, float, str, int, int, int, int, float, float, float)
    with open(path) as file:
        _, *lines = csv.reader(file, delimiter="\t")
    return [Row(*(k(c) for k, c in zip(kinds, x, strict=True))) for x in lines]


def write(path: Path, found: Sequence[Row] | Sequence[Line]) -> None:
    """Writes rows or lines as TSV."""
    lines = [found[0]._fields, *found]
    text = "\n".join("\t".join(map(str, line)) for line in lines)
    files.write(path, f"{text}\n".encode())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("pictures", type=Path, help="folder of pictures")
    add("--codecs", nargs="+", default=CODECS, help=f"({' '.join(CODECS)})")
    add("--every", type=int, default=1, help="take every n-th picture (1)")
    add("--points", type=int, help="at most n settings of a codec (all)")
    add("--jobs", type=int, default=1, help="processes (1)")
    add("--out", type=Path, required=True, help="TSV to write")
    args = parser.parse_args()
    lepton.require()
    bd.require()
    found = {(r.codec, r.version, r.setting, r.picture): r for r in read(args.out)}
    subjects, _ = sweep.subjects(args.pictures, args.every)
    tasks = []
    for codec in args.codecs:
        peer = peers.find(codec)
        for setting in interface.thin(peer.grid, args.points):
            for subject in subjects:
                key = (codec, peer.version, setting, subject.path.stem)
                if key not in found:
                    tasks.append((codec, setting, subject))
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(args.jobs, context) as pool:
        for row in pool.map(measure, tasks):
            found[row.codec, row.version, row.setting, row.picture] = row
            write(args.out, sorted(found.values()))
    lines = summarise(sorted(found.values()))
    write(args.out.with_name(f"{args.out.stem}-summary.tsv"), lines)
    for line in lines:
        print(*line, sep="\t")


if __name__ == "__main__":
    main()
