"""Every codec at every setting on every picture, on all cores, once."""

from __future__ import annotations

import functools
import multiprocessing
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import (
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    as_completed,
)
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import NamedTuple

import numpy as np

from comrec import api, evaluate, naming, reader
from comrec.errors import UsageError, naming_errors
from comrec.evaluate import Peer, Setting, peers, quality, rows, thinned
from comrec.evaluate.rows import Row
from comrec.metrics import luma

CRASHED = "the process that ran it ended"


class Subject(NamedTuple):
    """A picture to be coded."""

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

    def identity(self) -> tuple[str, int, str]:
        """Name, channels and checksum, as rows have them."""
        pixels = self.pixels()
        crc = zlib.crc32(pixels.tobytes())
        return self.path.stem, pixels.shape[2], f"{crc:08x}"


class Task(NamedTuple):
    """One codec on one picture."""

    codec: str
    version: str
    subject: Subject
    identity: tuple[str, int, str]
    settings: tuple[Setting, ...]
    metrics: str
    threads: int

    def key(self, setting: Setting) -> tuple[object, ...]:
        return (self.codec, self.version, setting, *self.identity)

    def split(self) -> list[Task]:
        """A task for each setting."""
        return [self._replace(settings=(setting,)) for setting in self.settings]


def subjects(folder: Path, every: int = 1, is_grey: bool = False) -> list[Subject]:
    """Every n-th picture of a folder, by name.

    Raises:
      UsageError: there is no folder, or nothing in it.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: not a folder. Name one that holds pictures")
    try:
        found = [p for p in folder.iterdir() if p.suffix.lower() in naming.PICTURES]
    except OSError as err:
        raise UsageError(f"{folder}: cannot be read ({err.strerror})") from err
    found.sort()
    if not found:
        raise UsageError(
            f"{folder}: no pictures in it. Expected: {' '.join(naming.PICTURES)}"
        )
    if len({path.stem for path in found}) < len(found):
        raise UsageError(
            f"{folder}: two pictures share a name but for its ending, and rows would "
            f"not tell them apart. Rename one"
        )
    return [Subject(path, is_grey) for path in found[::every]]


def missing(
    codecs: Sequence[Peer],
    known: Sequence[tuple[Subject, tuple[str, int, str]]],
    found: Sequence[Row],
    metrics: str = "psnr",
    points: int | None = None,
    threads: int = 0,
) -> list[Task]:
    """What there are no rows of yet, or rows without the metrics that are wanted.

    Args:
      codecs: to be measured.
      known: pictures with their identities.
      found: the rows there are.
      metrics: see `quality.scores`.
      points: at most so many settings a codec.
      threads: cores for comrec's networks.
    """
    done = {
        row.key for row in found
        if metrics == "psnr" or row.ssimulacra2 is not None or row.error
    }  # fmt: skip
    tasks = []
    for codec in codecs:
        for subject, identity in known:
            task = Task(
                codec.name, codec.version, subject, identity, (), metrics, threads
            )
            wanted = tuple(
                setting
                for setting in thinned(codec.grid, points)
                if task.key(setting) not in done
            )
            if wanted:
                tasks.append(task._replace(settings=wanted))
    return tasks


def measured(tasks: Sequence[Task], jobs: int) -> Iterator[list[Row]]:
    """Rows of each task as they come, from so many processes.

    Where a codec takes its process with it, what was not done is done again with a
    process for each setting, so that one row is marked and not all.
    """
    broken: list[Task] = []
    with ProcessPoolExecutor(jobs, _context()) as pool:
        running = {pool.submit(measure, task): task for task in tasks}
        try:
            for future in as_completed(running):
                try:
                    yield future.result()
                except BrokenProcessPool:
                    broken.append(running[future])
        finally:
            _cancel(running)
    singles = [single for task in broken for single in task.split()]
    with ThreadPoolExecutor(jobs) as threads:
        alone = {threads.submit(_alone, task): task for task in singles}
        try:
            for future in as_completed(alone):
                yield future.result()
        finally:
            _cancel(alone)


def measure(task: Task) -> list[Row]:
    """Rows of one codec on one picture, marked ones where it fails."""
    codec = _peer(task.codec, task.threads)
    pixels = task.subject.pixels()
    made = []
    for setting in task.settings:
        try:
            passed = evaluate.run(codec, pixels, setting)
            scores = quality.scores(pixels, passed.restored, task.metrics)
        except Exception as err:  # libraries' own, of whatever they refuse
            made.append(rows.failed(task.key(setting), err))
            continue
        bpp = 8 * passed.rate_bytes / (pixels.shape[0] * pixels.shape[1])
        numbers = passed.rate_bytes, bpp, *scores, passed.encode_s, passed.decode_s
        made.append(Row._make((*task.key(setting), *numbers, "")))
    return made


def _alone(task: Task) -> list[Row]:
    """`measure` in a process that may end."""
    with ProcessPoolExecutor(1, _context()) as pool:
        try:
            return pool.submit(measure, task).result()
        except BrokenProcessPool:
            return [rows.failed(task.key(task.settings[0]), CRASHED)]


def _context() -> multiprocessing.context.BaseContext:
    """Processes that start at once and inherit no threads, where there are such."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def _cancel(futures: dict[Future[list[Row]], Task]) -> None:
    for future in futures:
        future.cancel()


@functools.lru_cache(maxsize=1)
def _peer(name: str, threads: int) -> Peer:
    return peers.find(name, threads)
