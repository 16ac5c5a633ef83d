"""Measures every codec at every setting on every picture, in processes."""

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

from comrec.apps.evaluate import interface, peers, quality, rows
from comrec.apps.evaluate.interface import Peer, Setting, thin
from comrec.apps.evaluate.rows import Row
from comrec.errors import UsageError, naming_errors
from comrec.format import names, provenance, sorting
from comrec.format.names import COMPRESS
from comrec.image import reader
from comrec.image.source import load
from comrec.jpeg.colour import luma
from comrec.networks import presets
from comrec.networks.presets import Preset
from comrec.system import listing

CRASHED = "the process that ran it ended"


class Subject(NamedTuple):
    """Describes a picture to measure.

    Attributes:
      path: of the picture.
      is_grey: whether to measure luma.
      name: in rows; empty for the name of the file without its suffix.
    """

    path: Path
    is_grey: bool
    name: str = ""

    def pixels(self) -> np.ndarray:
        """Reads the picture, uint8 (H, W, 1), BT.601 luma or grey, or (H, W, 3) RGB.

        Raises:
          ImageError: the picture cannot be read.
        """
        data, name = load(self.path)
        with naming_errors(name):
            pixels = reader.read(data).pixels
        return luma(pixels) if self.is_grey else pixels

    def identity(self) -> tuple[str, int, str]:
        """Reads the picture; returns name, channels and checksum, as in rows."""
        pixels = self.pixels()
        crc = zlib.crc32(pixels.tobytes())
        name = os.fsencode(self.name or self.path.stem).decode("utf-8", "replace")
        return name, pixels.shape[2], f"{crc:08x}"


class Task(NamedTuple):
    """Describes the measurement of one codec on one picture."""

    codec: str
    version: str
    subject: Subject
    identity: tuple[str, int, str]
    settings: tuple[Setting, ...]
    metrics: str

    def key(self, setting: Setting) -> tuple[object, ...]:
        """Returns the key of the row of a setting."""
        return (self.codec, self.version, setting, *self.identity)

    def split(self) -> list[Task]:
        """Returns a task for each setting."""
        return [self._replace(settings=(setting,)) for setting in self.settings]


def subjects(
    folder: Path, every: int = 1, is_grey: bool = False, outputs: Sequence[Path] = ()
) -> tuple[list[Subject], dict[Path, str]]:
    """Finds every n-th picture of a folder, in order of name.

    Args:
      folder: of the pictures; folders below it do not count.
      every: n.
      is_grey: whether to measure luma.
      outputs: files of this run, which are no pictures.

    Returns:
      The pictures, and the reasons by path of entries that were left out. Pictures
      with one name but for the suffix keep their suffix in rows.

    Raises:
      UsageError: the folder is missing or has no pictures.
    """
    if not os.path.isdir(folder):
        raise UsageError(f"{folder}: not a folder. Name one that holds pictures")
    try:
        found = listing.scan(folder)
    except OSError as err:
        raise UsageError(f"{folder}: cannot be read ({err.strerror})") from err
    own = {path.absolute() for path in outputs}
    done = sorting.sort(
        found,
        COMPRESS,
        lambda name: (
            (folder / name).absolute() in own or provenance.is_output(folder / name)
        ),
    )
    if not done.inputs:
        raise UsageError(
            f"{folder}: no pictures in it. Expected: {' '.join(names.PICTURES)}"
        )
    left_out = done.left_out | dict.fromkeys(found.folders, sorting.FOLDERS)
    taken = [
        Subject(folder / n, is_grey, n if done.outputs.is_long(n) else "")
        for n in done.inputs
    ]
    return taken[::every], {folder / n: why for n, why in left_out.items()}


def plan_tasks(
    codecs: Sequence[Peer],
    known: Sequence[tuple[Subject, tuple[str, int, str]]],
    found: Sequence[Row],
    metrics: str = "psnr",
    points: int | None = None,
    retry: bool = False,
) -> list[Task]:
    """Returns tasks for settings without a row, or without the requested metrics.

    Args:
      codecs: to measure.
      known: pictures with their identities.
      found: existing rows.
      metrics: see `quality.scores`.
      points: at most this number of settings of a codec; None for all.
      retry: whether to measure failed settings again.
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
                for setting in thin(codec.grid, points)
                if task.key(setting) not in done
            )
            if wanted:
                whole = task._replace(settings=wanted)
                # Slow tasks are split, so that an interrupted run loses little.
                slow = peers.COMREC.fullmatch(codec.name)
                tasks += whole.split() if slow else [whole]
    return tasks


def measure_all(tasks: Sequence[Task], jobs: int) -> Iterator[list[Row]]:
    """Measures tasks in processes; yields their rows in the order of completion.

    If a codec ends its process, the interrupted tasks are run again one by one, so that
    only the setting that ends its process is marked as failed.
    """
    suspects: list[Task] = []
    yield from _run_parallel(tasks, jobs, suspects)
    again: list[Task] = []
    for task in suspects:
        yield from _run_parallel([task], 1, again)
    for single in [single for task in again for single in task.split()]:
        guilty: list[Task] = []
        yield from _run_parallel([single], 1, guilty)
        for task in guilty:
            yield [rows.make_failed_row(task.key(task.settings[0]), CRASHED)]


def _run_parallel(
    tasks: Sequence[Task], jobs: int, suspects: list[Task]
) -> Iterator[list[Row]]:
    """Yields rows of tasks; adds tasks that a crash interrupted to the suspects."""
    waiting = deque(tasks)
    while waiting:
        running: dict[Future[list[Row]], Task] = {}
        with ProcessPoolExecutor(
            jobs, _make_context(), _add_presets, (presets.added(),)
        ) as pool:
            try:
                while waiting or running:
                    # A queued task could not be taken back after a crash.
                    while waiting and len(running) < jobs:
                        future = pool.submit(measure, waiting[0])
                        running[future] = waiting.popleft()
                    done, _ = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        yield future.result()
                        del running[future]
            except BrokenProcessPool:
                suspects += running.values()


def _add_presets(added: Sequence[Preset]) -> None:
    """Makes the presets in folders known in a new process."""
    for preset in added:
        presets.add(preset)


def measure(task: Task) -> list[Row]:
    """Measures one codec on one picture; rows of failed settings hold the error."""
    codec = _load_peer(task.codec)
    pixels = task.subject.pixels()
    made = []
    for setting in task.settings:
        try:
            passed = interface.run(codec, pixels, setting)
            scores = quality.scores(pixels, passed.restored, task.metrics)
        except Exception as err:  # libraries raise exceptions of their own
            made.append(rows.make_failed_row(task.key(setting), err))
            continue
        bpp = 8 * passed.rate_bytes / (pixels.shape[0] * pixels.shape[1])
        numbers = passed.rate_bytes, bpp, *scores, passed.encode_s, passed.decode_s
        made.append(Row._make((*task.key(setting), *numbers, "")))
    return made


def _make_context() -> multiprocessing.context.BaseContext:
    """Returns forkserver where it exists: it starts fast and copies no threads."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


@functools.lru_cache(maxsize=1)
def _load_peer(name: str) -> Peer:
    return peers.find(name, threads=1)  # as for the other codecs
