"""How many cores there are to work with."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def available() -> int:
    """Those that this process is held to, by taskset or a cpuset; else all."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def limit() -> int:
    """The same, but 0 where the process is held to none."""
    found = available()
    return found if found < (os.cpu_count() or 1) else 0


def together(tasks: Sequence[Callable[[], Any]], threads: int) -> list[Any]:
    """What each task returns, so many of them at a time; 0 takes all cores.

    Which come to nothing does not depend on the threads: the first in order raises.
    """
    at_once = min(threads or available(), len(tasks))
    if at_once < 2:
        return [task() for task in tasks]
    with ThreadPoolExecutor(at_once) as pool:
        return [future.result() for future in [pool.submit(task) for task in tasks]]
