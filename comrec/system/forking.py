"""Makes libvips work in a process that was forked from one that had used it.

libvips keeps idle threads for its next operation, and counts them. A forked process has
the count and not the threads: its first operation would wait for ever for one of them.
So no thread is idle while a process forks: all of them wait in a task of comrec.
"""

from __future__ import annotations

import ctypes
import functools
import os
import re
import sys
import threading
from contextlib import suppress

from comrec.system.libraries import find_loaded

WAIT_S = 2.0  # for threads to take their tasks; afterwards the process forks anyway
_TASKS = "/proc/self/task"
_WORKER = "libvips worker"  # name of the threads
_LIBRARY = re.compile(r"libvips(-[0-9a-f]+)?\.so")  # wheels add a hash to the name
_Task = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)


class _Hold:
    """Keeps the threads of libvips busy.

    Args:
      count: number of the threads.
    """

    def __init__(self, count: int) -> None:
        self._end = threading.Event()
        self._taken = threading.Semaphore(0)
        self._task = _Task(self._wait)  # referenced until the threads have left it
        execute = ctypes.CDLL(find_loaded(_LIBRARY)).vips_thread_execute
        for _ in range(count):
            execute(b"comrec", self._task, None)
        for _ in range(count):
            self._taken.acquire(timeout=WAIT_S)

    def _wait(self, *_: object) -> None:
        self._taken.release()
        self._end.wait()

    def end(self) -> None:
        """Lets the threads go."""
        self._end.set()


_holds: list[_Hold] = []


@functools.cache
def register() -> None:
    """Registers the repair with `os.fork`, once, where the system has that."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=_hold_threads, after_in_parent=_release_threads)


def _hold_threads() -> None:
    if "pyvips" in sys.modules:
        with suppress(OSError, AttributeError):  # another system, or an old libvips
            if count := _count_workers():
                _holds.append(_Hold(count))


def _release_threads() -> None:
    if _holds:
        _holds[-1].end()
        del _holds[:-1]  # the last one's task may still be running


def _count_workers() -> int:
    names = []
    for task in os.listdir(_TASKS):
        with suppress(OSError), open(f"{_TASKS}/{task}/comm") as comm:
            names.append(comm.read().strip())
    return names.count(_WORKER)
