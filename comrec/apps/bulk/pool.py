"""Processes of this machine do the work."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import connection
from multiprocessing.context import BaseContext
from typing import Any

from comrec.apps.bulk import worker
from comrec.apps.bulk.manifest import Row
from comrec.apps.bulk.plan import Task
from comrec.apps.bulk.runners import POLL_S, Prefetch
from comrec.apps.bulk.summary import Tally
from comrec.apps.bulk.worker import Work
from comrec.errors import ComrecError

TRIES = 3  # of a picture whose worker ends
STARTS = 10  # workers in a row that end before they are ready
READY = "ready"
END_S = 5.0


class Pool:
    """Processes of this machine. One that ends takes no other with it.

    A picture whose worker ended is tried again when all others are done, and alone:
    it may need all the memory there is. After TRIES it counts as failed.

    Args:
      workers: how many.
    """

    def __init__(self, workers: int) -> None:
        self._count = workers

    def run(self, work: Work, tasks: Iterator[Task], tally: Tally) -> Iterator[Row]:
        """A row for each task, as they come.

        Raises:
          ComrecError: workers end before they are ready.
        """
        crew = _Crew(work, self._count, Prefetch(tasks), tally)
        with _environment(work.options.threads):
            try:
                while crew.engage():
                    yield from crew.results()
            finally:
                crew.coming.close()
                _end(crew.hands)


class _Crew:
    """The workers of one run, and what has been given to them."""

    def __init__(
        self, work: Work, count: int, coming: Prefetch[Task], tally: Tally
    ) -> None:
        self.hands: list[_Hand] = []
        self.coming = coming
        self._work, self._count, self._tally = work, count, tally
        self._returned: deque[Task] = deque()  # by workers that did not begin
        self._suspects: deque[Task] = deque()
        self._tries: Counter[str] = Counter()
        self._stillborn = 0  # workers in a row
        self._context = _context()

    def engage(self) -> bool:
        """Gives a task to all who have none, while there are some; whether any has."""
        free = [hand for hand in self.hands if not hand.task]
        while free or len(self.hands) < self._count:
            task = self._next()
            if task is None:
                break
            if not free:
                free = [_Hand(self._context, self._work)]
                self.hands += free
            free.pop().give(task)
        return any(hand.task for hand in self.hands)

    def results(self) -> Iterator[Row]:
        """Waits for some worker; rows of those that have one."""
        busy = {hand.pipe: hand for hand in self.hands if hand.task}
        lags = len(busy) < self._count and not self.coming.ended
        for pipe in connection.wait(list(busy), POLL_S if lags else None):
            hand = busy[pipe]  # type: ignore[index]
            message = hand.message()
            if message == READY:
                self._stillborn = 0
            elif isinstance(message, dict):
                hand.task = None
                yield message
            else:
                yield from self._bury(hand)

    def _next(self) -> Task | None:
        if self._returned:
            return self._returned.popleft()
        is_idle = not any(hand.task for hand in self.hands)
        task = self.coming.take(wait=is_idle)
        if task is None and self.coming.ended and is_idle and self._suspects:
            return self._suspects.popleft()
        return task

    def _bury(self, hand: _Hand) -> Iterator[Row]:
        """What becomes of the task of a worker that has ended."""
        self.hands.remove(hand)
        task, why = hand.task, hand.epitaph()
        assert task is not None  # it was busy
        if not hand.is_ready:
            self._stillborn += 1
            if self._stillborn == STARTS:
                raise ComrecError(
                    f"{STARTS} workers in a row {why} before they were ready. Take "
                    f"fewer with -j; the same command goes on from here"
                )
            self._returned.append(task)
            return
        self._tries[task.key] += 1
        if self._tries[task.key] < TRIES:
            self._tally.retried += 1
            self._suspects.append(task._replace(again=True))
            return
        error = (
            f"{self._work.source.where(task.key)}: {TRIES} workers {why} over it. "
            f"Try it alone with `comrec {self._work.direction}`"
        )
        yield worker.failed(self._work, task, error, "worker")


class _Hand:
    """One worker process, and the task that it has."""

    def __init__(self, context: BaseContext, work: Work) -> None:
        self.task: Task | None = None
        self.is_ready = False
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(  # type: ignore[attr-defined]
            target=_serve, args=(theirs, work), daemon=True
        )
        self.process.start()
        theirs.close()  # so that its end is the end of the pipe

    def give(self, task: Task) -> None:
        """Something to do, though it may have ended since the last one."""
        self.task = task
        try:
            self.pipe.send(task)
        except OSError:
            self.is_ready = False

    def message(self) -> str | Row | None:
        """That it is ready, or a row; None where it has ended."""
        try:
            found: str | Row = self.pipe.recv()
        except (EOFError, OSError):
            return None
        self.is_ready = True
        return found

    def epitaph(self) -> str:
        """In what way it ended."""
        _end([self])
        code = self.process.exitcode
        if code == -signal.SIGKILL:
            return "were killed (SIGKILL: by hand, or for want of memory)"
        return f"ended (status {code})"


def _end(hands: list[_Hand]) -> None:
    """They may finish the picture that they are at, if it takes but seconds."""
    end_s = time.monotonic() + END_S
    for hand in hands:
        hand.pipe.close()
    for hand in hands:
        hand.process.join(max(end_s - time.monotonic(), 0))
        hand.process.kill()
        hand.process.join()


def _serve(pipe: Any, work: Work) -> None:
    """The life of a worker: tasks in, rows out, until the other end is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it will end it
    threading.Thread(target=_follow, daemon=True).start()
    with suppress(EOFError, OSError):
        pipe.send(READY)
        while True:
            pipe.send(worker.do(work, pipe.recv()))


def _follow() -> None:
    """A worker whose run was killed writes nothing more."""
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os._exit(1)


def _context() -> BaseContext:
    """Processes that start at once and inherit no threads, where there are such."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


@contextmanager
def _environment(threads: int) -> Iterator[None]:
    """What libraries read when they are loaded, for the processes started meanwhile."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VIPS_CONCURRENCY")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update({name: str(threads) for name in names if threads})
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
