"""Defines runners, which process tasks here, in processes or on other machines.

A runner takes tasks as its workers become free and yields a row for each, in any order.
It holds no more tasks than its workers need. `pool` and `cluster` define the others.
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
AHEAD = 1000  # tasks that are listed before workers need them
POLL_S = 0.05  # between two requests for tasks while the listing is slower than workers


class Runner(Protocol):
    """Processes tasks."""

    def run(self, work: Work, tasks: Iterator[Task], tally: Tally) -> Iterator[Row]:
        """Yields a row for each task, in the order of completion."""
        ...


class InProcess:
    """Processes tasks in this process, which memory:// needs, one at a time."""

    def run(self, work: Work, tasks: Iterator[Task], tally: Tally) -> Iterator[Row]:
        """Yields a row for each task, in order."""
        for task in tasks:
            yield worker.run_task(work, task)


class Prefetch(Generic[T]):
    """Takes up to AHEAD items from an iterator in a thread, before they are needed.

    Attributes:
      ended: whether `take` has returned the last item.
    """

    def __init__(self, items: Iterator[T]) -> None:
        self._items = items
        self._ready: queue.Queue[T | None] = queue.Queue(AHEAD)
        self._closed = threading.Event()
        self._error: BaseException | None = None
        self.ended = False
        self._thread = threading.Thread(target=self._fill, daemon=True)
        self._thread.start()

    def take(self, wait: bool) -> T | None:
        """Returns the next item; None after the last one.

        Args:
          wait: whether to wait for an item; else None also means that none is ready.

        Raises:
          Exception: the error of the iterator, after the items before it.
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
        """Stops the thread, after the item that it is waiting for."""
        self._closed.set()

    def _fill(self) -> None:
        try:
            for item in self._items:
                self._put(item)
                if self._closed.is_set():
                    return
        except BaseException as err:  # raised again by `take`
            self._error = err
        finally:
            self._put(None)

    def _put(self, item: T | None) -> None:
        while not self._closed.is_set():
            with suppress(queue.Full):
                self._ready.put(item, timeout=0.2)
                return
