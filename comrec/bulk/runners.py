"""Who does the work: this process, or processes of this machine.

A runner takes tasks as it has hands free, and gives a row for each, in any order; it
holds no more than its workers are busy with. `comrec.bulk.cluster` has one for Dask.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import connection
from multiprocessing.context import BaseContext
from typing import Any, Generic, Protocol, TypeVar

from comrec.bulk import worker
from comrec.bulk.manifest import Row
from comrec.bulk.plan import Task
from comrec.bulk.summary import Tally
from comrec.bulk.worker import Work

T = TypeVar("T")
TRIES = 3  # of a picture whose worker ends
AHEAD = 1000  # tasks that are listed before they are needed
POLL_S = 0.05  # until the listing is asked again, where it lags behind the workers


class Runner(Protocol):
    """What does tasks."""

    def run(self, work: Work, tasks: Iterator[Task], tally: Tally) -> Iterator[Row]:
        """A row for each task, as they come."""
        ...


class Here:
    """This process, one picture at a time: all that sees what is in its memory."""

    def run(self, work: Work, tasks: Iterator[Task], tally: Tally) -> Iterator[Row]:
        """A row for each task, in order."""
        for task in tasks:
            yield worker.do(work, task)


class Pool:
    """Processes of this machine. One that ends takes no other with it.

    A picture is given to another worker when its own has ended; TRIES times, then it
    counts as failed.

    Args:
      workers: how many.
    """

    def __init__(self, workers: int) -> None:
        self._count = workers

    def run(self, work: Work, tasks: Iterator[Task], tally: Tally) -> Iterator[Row]:
        """A row for each task, as they come."""
        hands: list[_Hand] = []
        again: deque[Task] = deque()
        tries: Counter[str] = Counter()
        coming, context = Coming(tasks), _context()
        with _environment(work.options.threads):
            try:
                while True:
                    self._engage(hands, lambda: _Hand(context, work), again, coming)
                    busy = {hand.pipe: hand for hand in hands if hand.task}
                    if not busy:
                        return
                    idle = len(busy) < self._count and not coming.ended
                    for pipe in connection.wait(list(busy), POLL_S if idle else None):
                        hand = busy[pipe]  # type: ignore[index]
                        task, row = hand.result()
                        if row is None:
                            hands.remove(hand)
                            tries[task.key] += 1
                            row = _given_up(work, task, hand.epitaph())
                            if tries[task.key] < TRIES:
                                tally.retried += 1
                                again.append(task._replace(again=True))
                                continue
                        del tries[task.key]
                        yield row
            finally:
                coming.close()
                _end(hands)

    def _engage(
        self, hands: list[_Hand], hire: Callable[[], _Hand], again: deque[Task],
        coming: Coming[Task],
    ) -> None:  # fmt: skip
        """Gives everyone a task that is known; waits for one if nobody has any."""
        free = [hand for hand in hands if not hand.task]
        while free or len(hands) < self._count:
            is_idle = not any(hand.task for hand in hands)
            task = again.popleft() if again else coming.take(is_idle)
            if task is None:
                return
            if not free:
                hands.append(hire())
                free = hands[-1:]
            free.pop().give(task)


class _Hand:
    """One worker process, and the task that it has."""

    def __init__(self, context: BaseContext, work: Work) -> None:
        self.task: Task | None = None
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(  # type: ignore[attr-defined]
            target=_serve, args=(theirs, work), daemon=True
        )
        self.process.start()
        theirs.close()  # so that its end is the end of the pipe

    def give(self, task: Task) -> None:
        """Something to do; that it cannot be given shows when it is asked for."""
        self.task = task
        with suppress(OSError):
            self.pipe.send(task)

    def result(self) -> tuple[Task, Row | None]:
        """The task and its row; None where the worker has ended over it."""
        assert self.task is not None
        task, row = self.task, None
        with suppress(EOFError, OSError):
            row = self.pipe.recv()
        self.task = None
        return task, row

    def epitaph(self) -> str:
        """In what way it ended."""
        self.process.join(5)
        _end([self])
        code = self.process.exitcode
        if code == -signal.SIGKILL:
            return "were killed (SIGKILL: by hand, or for want of memory)"
        return f"ended (status {code})"


def _end(hands: list[_Hand]) -> None:
    """What they are at is left, with no temporary files; in seconds at most."""
    for hand in hands:
        hand.pipe.close()
        hand.process.terminate()
    for hand in hands:
        hand.process.join(5)
        hand.process.kill()
        hand.process.join()


def _serve(pipe: Any, work: Work) -> None:
    """The life of a worker: tasks in, rows out, until the other end is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it will end it
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    threading.Thread(target=_follow, daemon=True).start()
    with suppress(EOFError, OSError):
        while True:
            pipe.send(worker.do(work, pipe.recv()))


def _follow() -> None:
    """A worker whose run was killed writes nothing more."""
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os._exit(1)


def _given_up(work: Work, task: Task, why: str) -> Row:
    error = (
        f"{work.source.where(task.key)}: {TRIES} workers {why} over it. Take fewer at "
        f"a time, or try it alone with `comrec {work.direction}`"
    )
    return worker.failed(work, task, error, "worker")


def _context() -> BaseContext:
    """Processes that start at once and inherit no threads, where there are such."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([worker.__name__])
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


class Coming(Generic[T]):
    """Items of an iterator, which a thread finds AHEAD of who takes them."""

    def __init__(self, items: Iterator[T]) -> None:
        self._items = items
        self._ready: queue.Queue[T | None] = queue.Queue(AHEAD)
        self._closed = threading.Event()
        self._error: BaseException | None = None
        self.ended = False
        self._thread = threading.Thread(target=self._find, daemon=True)
        self._thread.start()

    def take(self, wait: bool) -> T | None:
        """The next one; None when there is none, or, without waiting, none yet.

        Raises:
          Exception: what the iterator raised, once what came before it is taken.
        """
        if self.ended:
            return None
        try:
            item = self._ready.get(block=wait)
        except queue.Empty:
            return None
        if item is None:
            self.ended = True
            if self._error:
                raise self._error
        return item

    def close(self) -> None:
        """No more is found; the thread ends when the listing it waits for has come."""
        self._closed.set()

    def _find(self) -> None:
        try:
            for item in self._items:
                self._put(item)
                if self._closed.is_set():
                    return
        except BaseException as err:  # told to who takes them
            self._error = err
        finally:
            self._put(None)

    def _put(self, item: T | None) -> None:
        while not self._closed.is_set():
            with suppress(queue.Full):
                self._ready.put(item, timeout=0.2)
                return
