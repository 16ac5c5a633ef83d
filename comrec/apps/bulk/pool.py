"""Runs tasks in processes of this machine."""

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

TRIES = 3  # for a picture whose worker ends
STARTS = 10  # consecutive workers that end before they are ready
READY = "ready"
END_S = 5.0  # for workers to finish their pictures when a run ends


class Pool:
    """Runs tasks in processes, and replaces a process that ends.

    A picture whose worker ended is tried again alone, after all others, as it may need
    the whole memory. After TRIES it counts as failed.

    Args:
      workers: number of processes.
    """

    def __init__(self, workers: int) -> None:
        self._count = workers

    def run(self, work: Work, tasks: Iterator[Task], tally: Tally) -> Iterator[Row]:
        """Yields a row for each task, in the order of completion.

        Raises:
          ComrecError: STARTS consecutive workers ended before they were ready.
        """
        schedule = _Schedule(work, self._count, Prefetch(tasks), tally)
        with _limit_threads(work.options.threads):
            try:
                while schedule.assign():
                    yield from schedule.collect()
            finally:
                schedule.prefetch.close()
                _end(schedule.workers)


class _Schedule:
    """Assigns the tasks of one run to its workers.

    Attributes:
      workers: the processes that have not ended.
      prefetch: the tasks that no worker has had.
    """

    def __init__(
        self, work: Work, count: int, prefetch: Prefetch[Task], tally: Tally
    ) -> None:
        self.workers: list[_Worker] = []
        self.prefetch = prefetch
        self._work, self._count, self._tally = work, count, tally
        self._returned: deque[Task] = deque()  # of workers that ended while starting
        self._suspects: deque[Task] = deque()  # of workers that ended over them
        self._tries: Counter[str] = Counter()
        self._failed_starts = 0  # consecutive
        self._context = _make_context()

    def assign(self) -> bool:
        """Gives tasks to idle workers; returns whether any worker has a task."""
        free = [member for member in self.workers if not member.task]
        while free or len(self.workers) < self._count:
            task = self._next_task()
            if task is None:
                break
            if not free:
                free = [_Worker(self._context, self._work)]
                self.workers += free
            free.pop().give(task)
        return any(member.task for member in self.workers)

    def collect(self) -> Iterator[Row]:
        """Waits for messages of workers; yields the rows among them."""
        busy = {member.pipe: member for member in self.workers if member.task}
        lags = len(busy) < self._count and not self.prefetch.ended
        for pipe in connection.wait(list(busy), POLL_S if lags else None):
            member = busy[pipe]  # type: ignore[index]
            message = member.receive()
            if message == READY:
                self._failed_starts = 0
            elif isinstance(message, dict):
                member.task = None
                yield message
            else:
                yield from self._return_task(member)

    def _next_task(self) -> Task | None:
        """Returns the next task; None if none is available yet, or none is left."""
        if self._returned:
            return self._returned.popleft()
        is_idle = not any(member.task for member in self.workers)
        task = self.prefetch.take(wait=is_idle)
        if task is None and self.prefetch.ended and is_idle and self._suspects:
            return self._suspects.popleft()
        return task

    def _return_task(self, member: _Worker) -> Iterator[Row]:
        """Queues the task of an ended worker again; yields its row after TRIES.

        Raises:
          ComrecError: STARTS consecutive workers ended before they were ready.
        """
        self.workers.remove(member)
        task, how = member.task, member.describe_end()
        assert task is not None  # it was busy
        if not member.is_ready:
            self._failed_starts += 1
            if self._failed_starts == STARTS:
                raise ComrecError(
                    f"{STARTS} consecutive workers {how} before they were ready. Use "
                    f"fewer with -j; the same command continues from here"
                )
            self._returned.append(task)
            return
        self._tries[task.key] += 1
        if self._tries[task.key] < TRIES:
            self._tally.retried += 1
            self._suspects.append(task._replace(is_retry=True))
            return
        error = (
            f"{self._work.source.where(task.key)}: {TRIES} workers {how} while they "
            f"processed it. Try it alone with `comrec {self._work.direction}`"
        )
        yield worker.make_failed_row(self._work, task, error, "worker")


class _Worker:
    """Controls one worker process.

    Attributes:
      task: the task that the process has; None if the process is idle.
      is_ready: whether the process has sent a message.
    """

    def __init__(self, context: BaseContext, work: Work) -> None:
        self.task: Task | None = None
        self.is_ready = False
        self.pipe, far_end = context.Pipe()
        self.process = context.Process(  # type: ignore[attr-defined]
            target=_serve, args=(far_end, work), daemon=True
        )
        self.process.start()
        far_end.close()  # so that the pipe ends when the process does

    def give(self, task: Task) -> None:
        """Sends a task to the process, which may have ended since its last message."""
        self.task = task
        try:
            self.pipe.send(task)
        except OSError:
            self.is_ready = False

    def receive(self) -> str | Row | None:
        """Receives READY or a row; None if the process has ended."""
        try:
            found: str | Row = self.pipe.recv()
        except (EOFError, OSError):
            return None
        self.is_ready = True
        return found

    def describe_end(self) -> str:
        """Ends the process and describes how it ended."""
        _end([self])
        code = self.process.exitcode
        if code == -signal.SIGKILL:
            return "were killed (SIGKILL: by a person, or for lack of memory)"
        return f"ended (status {code})"


def _end(workers: list[_Worker]) -> None:
    """Ends processes, after END_S for the pictures that they are processing."""
    end_s = time.monotonic() + END_S
    for member in workers:
        member.pipe.close()
    for member in workers:
        member.process.join(max(end_s - time.monotonic(), 0))
        member.process.kill()
        member.process.join()


def _serve(pipe: Any, work: Work) -> None:
    """Receives tasks and sends rows, until the other end of the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the starting process ends it
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    with suppress(EOFError, OSError):
        pipe.send(READY)
        while True:
            pipe.send(worker.run_task(work, pipe.recv()))


def _exit_with_parent() -> None:
    """Ends this process with its parent, so that a killed run writes nothing more."""
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os._exit(1)


def _make_context() -> BaseContext:
    """Returns forkserver where it exists: it starts fast and copies no threads."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


@contextmanager
def _limit_threads(threads: int) -> Iterator[None]:
    """Sets the variables that libraries of started processes read; 0 sets none."""
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
