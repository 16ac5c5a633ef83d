"""Every codec at every setting on every picture, on all cores, once."""

from __future__ import annotations

import functools
import multiprocessing
import os
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import NamedTuple

import numpy as np

from comrec.apps import evaluate
from comrec.apps.evaluate import Peer, Setting, peers, quality, rows, thinned
from comrec.apps.evaluate.rows import Row
from comrec.errors import UsageError, naming_errors
from comrec.format import names, provenance
from comrec.image import reader
from comrec.image.source import load
from comrec.jpeg.colour import luma

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
        data, name = load(self.path)
        with naming_errors(name):
            pixels = reader.read(data).pixels
        return luma(pixels) if self.is_grey else pixels

    def identity(self) -> tuple[str, int, str]:
        """Name, channels and checksum, as rows have them."""
        pixels = self.pixels()
        crc = zlib.crc32(pixels.tobytes())
        name = os.fsencode(self.path.stem).decode("utf-8", "replace")
        return name, pixels.shape[2], f"{crc:08x}"


class Task(NamedTuple):
    """One codec on one picture."""

    codec: str
    version: str
    subject: Subject
    identity: tuple[str, int, str]
    settings: tuple[Setting, ...]
    metrics: str

    def key(self, setting: Setting) -> tuple[object, ...]:
        return (self.codec, self.version, setting, *self.identity)

    def split(self) -> list[Task]:
        """A task for each setting."""
        return [self._replace(settings=(setting,)) for setting in self.settings]


def subjects(
    folder: Path, every: int = 1, is_grey: bool = False, outputs: Sequence[Path] = ()
) -> tuple[list[Subject], int]:
    """Every n-th picture of a folder, by name, and how many files are comrec's own.

    Args:
      folder: to look in, not below.
      every: n.
      is_grey: whether their luma is wanted.
      outputs: of this run, which are no pictures either.

    Raises:
      UsageError: there is no folder, or nothing in it.
    """
    if not os.path.isdir(folder):
        raise UsageError(f"{folder}: not a folder. Name one that holds pictures")
    try:
        found = [p for p in folder.iterdir() if p.suffix.lower() in names.PICTURES]
    except OSError as err:
        raise UsageError(f"{folder}: cannot be read ({err.strerror})") from err
    own = {path.absolute() for path in outputs}
    taken = [
        p for p in found if p.absolute() not in own and not provenance.is_output(p)
    ]
    if not taken:
        raise UsageError(
            f"{folder}: no pictures in it. Expected: {' '.join(names.PICTURES)}"
        )
    if len({path.stem for path in taken}) < len(taken):
        raise UsageError(
            f"{folder}: two pictures share a name but for its ending, and rows would "
            f"not tell them apart. Rename one"
        )
    left_out = len(found) - len(taken)
    return [Subject(path, is_grey) for path in sorted(taken)[::every]], left_out


def missing(
    codecs: Sequence[Peer],
    known: Sequence[tuple[Subject, tuple[str, int, str]]],
    found: Sequence[Row],
    metrics: str = "psnr",
    points: int | None = None,
    retry: bool = False,
) -> list[Task]:
    """What there are no rows of yet, or rows without the metrics that are wanted.

    Args:
      codecs: to be measured.
      known: pictures with their identities.
      found: the rows there are.
      metrics: see `quality.scores`.
      points: at most so many settings a codec.
      retry: what failed before is wanted again.
    """
    done = {
        row.key
        for row in found
        if not (row.error and retry)
        and (metrics == "psnr" or row.ssimulacra2 is not None or row.error)
    }
    tasks = []
    for codec in codecs:
        for subject, identity in known:
            task = Task(codec.name, codec.version, subject, identity, (), metrics)
            wanted = tuple(
                setting
                for setting in thinned(codec.grid, points)
                if task.key(setting) not in done
            )
            if wanted:
                whole = task._replace(settings=wanted)
                # What takes long is not lost for long.
                slow = peers.COMREC.fullmatch(codec.name)
                tasks += whole.split() if slow else [whole]
    return tasks


def measured(tasks: Sequence[Task], jobs: int) -> Iterator[list[Row]]:
    """Rows of each task as they come, from so many processes.

    Where a codec takes its process with it, what ran then is done again, one by one,
    so that one setting is marked and nothing else.
    """
    suspects: list[Task] = []
    yield from _together(tasks, jobs, suspects)
    again: list[Task] = []
    for task in suspects:
        yield from _together([task], 1, again)
    for single in [single for task in again for single in task.split()]:
        guilty: list[Task] = []
        yield from _together([single], 1, guilty)
        for task in guilty:
            yield [rows.failed(task.key(task.settings[0]), CRASHED)]


def _together(
    tasks: Sequence[Task], jobs: int, suspects: list[Task]
) -> Iterator[list[Row]]:
    """Rows of tasks, but of those that ran when a process ended: they are suspects."""
    waiting = deque(tasks)
    while waiting:
        running: dict[Future[list[Row]], Task] = {}
        with ProcessPoolExecutor(jobs, _context()) as pool:
            try:
                while waiting or running:
                    # None is queued: it could not be called back.
                    while waiting and len(running) < jobs:
                        future = pool.submit(measure, waiting[0])
                        running[future] = waiting.popleft()
                    done, _ = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        yield future.result()
                        del running[future]
            except BrokenProcessPool:
                suspects += running.values()


def measure(task: Task) -> list[Row]:
    """Rows of one codec on one picture, marked ones where it fails."""
    codec = _peer(task.codec)
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


def _context() -> multiprocessing.context.BaseContext:
    """Processes that start at once and inherit no threads, where there are such."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


@functools.lru_cache(maxsize=1)
def _peer(name: str) -> Peer:
    return peers.find(name, threads=1)  # as many as the others take
