"""Who does the work: this process, other processes, or other machines.

A runner takes tasks as it has hands free, and gives a row for each, in any order; it
holds no more than its workers are busy with. `pool` and `cluster` have the others.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Generic, Protocol, TypeVar

from comrec.apps.bulk import worker
from comrec.apps.bulk.manifest import Row
from comrec.apps.bulk.plan import Task
from comrec.apps.bulk.summary import Tally
from comrec.apps.bulk.worker import Work

T = TypeVar("T")
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


class Prefetch(Generic[T]):
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
