"""One row for each picture, codec and setting, in a file that a run goes on with."""

from __future__ import annotations

import csv
import functools
import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from comrec import api, evaluate, files, naming, reader
from comrec.errors import ComrecError, UsageError, naming_errors
from comrec.evaluate import Peer, Setting, peers, quality, thinned
from comrec.metrics import luma


class Row(NamedTuple):
    codec: str
    version: str
    setting: float
    image: str
    channels: int
    pixels_crc32: str  # so that no row is taken for that of another picture
    rate_bytes: int  # of every file that decoding needs
    rate_bpp: float  # per pixel of the image
    rgb_psnr_db: float
    luma_psnr_db: float
    ms_ssim: float | None
    ssimulacra2: float | None
    encode_s: float  # a codec's first pass loads it, too
    decode_s: float

    @property
    def key(self) -> tuple[object, ...]:
        return self[:6]


class Picture(NamedTuple):
    path: Path
    is_grey: bool

    def pixels(self) -> np.ndarray:
        """uint8 (H, W, 1), BT.601 luma, or (H, W, 3).

        Raises:
          ImageError: it cannot be read.
        """
        data, name = api.load(self.path)
        with naming_errors(name):
            pixels = reader.read(data).pixels
        return luma(pixels) if self.is_grey else pixels


class Task(NamedTuple):
    """One codec on one picture."""

    codec: str
    picture: Picture
    settings: tuple[Setting, ...]
    metrics: str


def pictures(folder: Path, every: int, is_grey: bool) -> list[Picture]:
    """Every n-th picture of a folder, by name.

    Raises:
      UsageError: there is no folder, or nothing in it.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: not a folder. Name one that holds pictures")
    found = sorted(p for p in folder.iterdir() if p.suffix.lower() in naming.PICTURES)
    if not found:
        raise UsageError(
            f"{folder}: no pictures in it. Expected: {' '.join(naming.PICTURES)}"
        )
    if len({path.stem for path in found}) < len(found):
        raise UsageError(
            f"{folder}: two pictures share a name but for its ending, and rows would "
            f"not tell them apart. Rename one"
        )
    return [Picture(path, is_grey) for path in found[::every]]


def identity(picture: Picture) -> tuple[str, int, str]:
    """Name, channels and checksum, as rows have them."""
    pixels = picture.pixels()
    return picture.path.stem, pixels.shape[2], f"{zlib.crc32(pixels.tobytes()):08x}"


def read(path: Path) -> list[Row]:
    """The rows of a file; none where there is no file yet.

    Raises:
      UsageError: it is something else.
    """
    if not path.exists():
        return []
    data, name = api.load(path)
    kinds: tuple[Callable[[str], Any], ...] = (
        str, str, float, str, int, str, int, float, float, float, _optional, _optional,
        float, float,
    )  # fmt: skip
    try:
        head, *lines = csv.reader(io.StringIO(data.decode()), delimiter="\t")
        if tuple(head) != Row._fields:
            raise ValueError("other columns")
        return [
            Row(*(kind(cell) for kind, cell in zip(kinds, line, strict=True)))
            for line in lines
        ]
    except ValueError as err:
        raise UsageError(
            f"{name}: not rows of this script ({err}). Give --out another name"
        ) from err


def write(path: Path, found: Sequence[Row]) -> None:
    """All rows, in an order that does not depend on what was measured first."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter="\t", lineterminator="\n")
    writer.writerow(Row._fields)
    for row in sorted(found, key=lambda row: row.key):
        writer.writerow([f"{v:g}" if n == "setting" else _cell(v) for n, v in
                         row._asdict().items()])  # fmt: skip
    files.write(path, out.getvalue().encode())


def missing(
    codecs: Sequence[Peer], chosen: Sequence[Picture], found: Sequence[Row],
    metrics: str, points: int | None,
) -> list[Task]:  # fmt: skip
    """What there are no rows of yet, or rows without the metrics that are wanted."""
    done = {r.key for r in found if metrics == "psnr" or r.ssimulacra2 is not None}
    known = {picture: identity(picture) for picture in chosen}
    tasks = []
    for codec in codecs:
        for picture, (image, channels, crc) in known.items():
            wanted = tuple(
                setting
                for setting in thinned(codec.grid, points)
                if (codec.name, codec.version, setting, image, channels, crc)
                not in done
            )
            if wanted:
                tasks.append(Task(codec.name, picture, wanted, metrics))
    return tasks


def measured(tasks: Sequence[Task], jobs: int) -> Iterator[list[Row]]:
    """Rows of each task as they come, from so many processes."""
    if jobs == 1:
        yield from map(measure, tasks)
        return
    with get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap(measure, tasks)


def measure(task: Task) -> list[Row]:
    """Rows of one codec on one picture."""
    codec = _peer(task.codec)
    image, channels, crc = identity(task.picture)
    pixels = task.picture.pixels()
    made = []
    for setting in task.settings:
        try:
            passed = evaluate.run(codec, pixels, setting)
            scores = quality.scores(pixels, passed.restored, task.metrics)
        except (OSError, ValueError) as err:  # libraries' own, of sizes they refuse
            raise ComrecError(
                f"{task.picture.path}: {codec.name} at {setting:g} fails ({err}). "
                f"Leave the codec or the picture out"
            ) from err
        bpp = 8 * passed.rate_bytes / (pixels.shape[0] * pixels.shape[1])
        key = codec.name, codec.version, setting, image, channels, crc
        times = passed.encode_s, passed.decode_s
        made.append(Row._make((*key, passed.rate_bytes, bpp, *scores, *times)))
    return made


@functools.lru_cache(maxsize=1)
def _peer(name: str) -> Peer:
    return peers.find(name)


def _optional(cell: str) -> float | None:
    return float(cell) if cell else None


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
