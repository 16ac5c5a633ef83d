"""Measures peak memory and time of large pictures and of a folder of pictures.

Claim: a picture of 12 megapixels is compressed and restored in 1 GB of memory, one of
100 in 2 GB. A folder with `-j 2` takes about half the time of one process on one core;
a single process already uses all cores in part, so `-j` gains less over that.
Cost: a quarter of an hour on two cores for both presets and all sizes, and a few
minutes more for the folder. Needs Linux.

    python experiments/speed/large.py --out experiments/results/large.tsv

Method. Each row is one `comrec` command as a new process, with its peak resident
memory. Pictures are the bundled photo extended by reflection, as a JPEG of quality 95,
compressed with -q 75 at the default effort. The folder holds `--pictures` different
crops of it, 0.4 megapixels each; one process compresses it on one core (`threads` 1)
and on all cores, then one process for each core (`-j`).
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
from comrec.cli.console import spell
from comrec.errors import ComrecError
from comrec.format import names
from comrec.networks import presets
from comrec.system import cores, files

COUNT = values.number(1, 10**6)
PRESETS = (presets.DEFAULT, "comrec-lite-2")
MEGAPIXELS = (12.0, 100.0)
PICTURES, SMALL_PX = 100, (512, 768)
STEP_PX = 7  # offset between the crops of the folder


class Row(NamedTuple):
    preset: str
    hash: str
    command: str
    megapixels: float  # of all pictures together
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
    add("--pictures", type=COUNT, default=PICTURES, help=f"in the folder ({PICTURES})")
    add("--no-folder", action="store_true", help="measure single pictures only")
    add("--out", type=Path, help="TSV file, written after each row")
    args = parser.parse_args()
    found: list[Row] = []
    try:
        for row in rows(args):
            found.append(row)
            print(row, flush=True)
            if args.out:
                files.write(args.out, report.as_tsv(Row._fields, found))
    except ComrecError as err:
        raise SystemExit(f"large: {spell(err)}") from None


def rows(args: argparse.Namespace) -> Iterator[Row]:
    for name in args.presets:
        presets.find(name)  # an unknown name is refused at once
    for megapixels in args.megapixels:
        with TemporaryDirectory() as folder:
            photo = Path(folder) / "photo.jpg"
            height = math.isqrt(round(megapixels * 1e6 * 3 / 4))
            in_new_process(save, [(photo, height, height * 4 // 3, 0)])
            for name in args.presets:
                yield from round_trip(name, photo, megapixels)
    if args.no_folder:
        return
    with TemporaryDirectory() as folder:
        source = Path(folder) / "in"
        source.mkdir()
        paths = [source / f"{i:04}.jpg" for i in range(args.pictures)]
        in_new_process(save, [(path, *SMALL_PX, i) for i, path in enumerate(paths)])
        for name in args.presets:
            with one_core():
                yield folder_row(name, source, args.pictures, 1)
            for jobs in dict.fromkeys((1, cores.available())):
                yield folder_row(name, source, args.pictures, jobs)


@contextmanager
def one_core() -> Iterator[None]:
    """Restricts this process and its children to the last core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def in_new_process(
    task: Callable[..., None], arguments: Sequence[tuple[Any, ...]]
) -> None:
    """Calls a function for each tuple of arguments in a new process.

    The peak memory of a child includes that of this process, which has to stay small.
    """
    with get_context("spawn").Pool(1) as pool:
        pool.starmap(task, arguments)


def save(path: Path, height: int, width: int, number: int) -> None:
    """Saves a crop of the extended photo as a JPEG."""
    wide = work.picture(height + STEP_PX * number, width)
    Image.fromarray(wide[STEP_PX * number :]).save(path, quality=95)


def round_trip(name: str, photo: Path, megapixels: float) -> Iterator[Row]:
    """Compresses one picture, and restores it where comrec wrote a pair."""
    made, restored = photo.with_suffix(".comrec.jpg"), photo.with_suffix(".png")
    compress = "compress", "-f", "-p", name, photo, "-o", made
    yield timed(name, compress, megapixels)
    if names.sidecar_of(made).exists():
        yield timed(name, ("decompress", "-f", made, "-o", restored), megapixels)


def folder_row(name: str, source: Path, pictures: int, jobs: int) -> Row:
    """Compresses the folder."""
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
    """Runs one command as a new process, and returns its row."""
    seconds, peak_mb = work.fresh("-m", "comrec", *map(str, command), "--quiet")
    return Row(
        name, presets.find(name).hash, str(command[0]), round(megapixels, 2), pictures,
        jobs, round(seconds, 2), round(peak_mb, 1), cores.available(), __version__,
        report.cpu_model(),
    )  # fmt: skip


if __name__ == "__main__":
    main()
