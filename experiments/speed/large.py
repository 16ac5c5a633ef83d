"""What large pictures and many pictures take: peak memory, seconds, cores.

Claim: a picture of 12 megapixels is compressed and restored in 1 GB of memory, one of
100 in 2 GB; and a folder is done about as many times as fast as there are cores. One
process uses them all already, so `-j` gains less than that.
Cost: a quarter of an hour of two cores for both presets and all sizes; the folder a
few minutes more. Needs Linux.

    python experiments/speed/large.py --out experiments/results/large.tsv

Method. Each row is one `comrec` command as a new process, with its peak resident
memory. Pictures are the bundled photo mirrored on and on, as a JPEG of quality 95;
they are compressed with -q 75 at the default effort. The folder holds so many pictures
of 0.4 megapixels, each another part of it, and is compressed by one process held to one
core (`threads` 1), by one on all, and with `-j`.
"""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from PIL import Image
from speed_parts import report, work

from comrec import __version__
from comrec.cli import values
from comrec.errors import ComrecError
from comrec.format import names
from comrec.networks import presets
from comrec.system import cores, files

COUNT = values.number(1, 10**6)
PRESETS = (presets.DEFAULT, "comrec-lite-2")
MEGAPIXELS = (12.0, 100.0)
PICTURES, SMALL_PX = 100, (512, 768)
STEP_PX = 7  # by which one picture of the folder lies beside the other


class Row(NamedTuple):
    preset: str
    hash: str
    command: str
    megapixels: float  # in all
    pictures: int
    jobs: int
    seconds: float
    peak_mb: float
    threads: int
    comrec: str
    cpu: str


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--presets", nargs="+", default=PRESETS)
    add("--megapixels", nargs="*", type=values.positive, default=MEGAPIXELS)
    add("--pictures", type=COUNT, default=PICTURES, help=f"of the folder ({PICTURES})")
    add("--no-folder", action="store_true", help="single pictures alone")
    add("--out", type=Path, help="TSV to write, after each row")
    args = parser.parse_args()
    found: list[Row] = []
    try:
        for row in rows(args):
            found.append(row)
            print(row, flush=True)
            if args.out:
                lines = [
                    "\t".join(Row._fields),
                    *("\t".join(map(str, r)) for r in found),
                ]
                files.write(args.out, ("\n".join(lines) + "\n").encode())
    except ComrecError as err:
        raise SystemExit(str(err)) from None


def rows(args: argparse.Namespace) -> Iterator[Row]:
    for name in args.presets:
        presets.find(name)  # refused before anything is made
    for megapixels in args.megapixels:
        with TemporaryDirectory() as folder:
            photo = Path(folder) / "photo.jpg"
            height = math.isqrt(round(megapixels * 1e6 * 3 / 4))
            elsewhere(save, [(photo, height, height * 4 // 3, 0)])
            for name in args.presets:
                yield from both_ways(name, photo, megapixels)
    if args.no_folder:
        return
    with TemporaryDirectory() as folder:
        source = Path(folder) / "in"
        source.mkdir()
        names = [source / f"{i:04}.jpg" for i in range(args.pictures)]
        elsewhere(save, [(name, *SMALL_PX, i) for i, name in enumerate(names)])
        for name in args.presets:
            with one_core():
                yield many(name, source, args.pictures, 1)
            for jobs in dict.fromkeys((1, cores.available())):
                yield many(name, source, args.pictures, jobs)


@contextmanager
def one_core() -> Iterator[None]:
    """Processes started in here have the last core alone."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def elsewhere(work: Callable[..., None], given: Sequence[tuple[Any, ...]]) -> None:
    """In a process of its own: what this one takes is counted with its children's."""
    with get_context("spawn").Pool(1) as pool:
        pool.starmap(work, given)


def save(path: Path, height: int, width: int, number: int) -> None:
    wide = work.picture(height + STEP_PX * number, width)
    Image.fromarray(wide[STEP_PX * number :]).save(path, quality=95)


def both_ways(name: str, photo: Path, megapixels: float) -> Iterator[Row]:
    made, restored = photo.with_suffix(".comrec.jpg"), photo.with_suffix(".png")
    compress = "compress", "-f", "-p", name, photo, "-o", made
    yield timed(name, compress, megapixels)
    if names.sidecar_of(made).exists():
        yield timed(name, ("decompress", "-f", made, "-o", restored), megapixels)


def many(name: str, source: Path, pictures: int, jobs: int) -> Row:
    out = source.parent / f"{name}-{jobs}-{cores.available()}"
    command = "compress", "-r", "-p", name, source, "-o", out, "-j", jobs
    return timed(name, command, math.prod(SMALL_PX) / 1e6 * pictures, pictures, jobs)


def timed(
    name: str,
    command: tuple[object, ...],
    megapixels: float,
    pictures: int = 1,
    jobs: int = 1,
) -> Row:
    """One command as a process of its own."""
    seconds, peak_mb = work.fresh("-m", "comrec", *map(str, command), "--quiet")
    return Row(
        name, presets.find(name).hash, str(command[0]), round(megapixels, 2), pictures,
        jobs, round(seconds, 2), round(peak_mb, 1), cores.available(), __version__,
        report.cpu_model(),
    )  # fmt: skip


if __name__ == "__main__":
    main()
