"""How many cores there are to work with."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

CPU_MAX = Path("/sys/fs/cgroup/cpu.max")  # a container's, as it sees it: cgroup v2


def available() -> int:
    """Those that this process is held to, by taskset, cpuset or a quota; else all."""
    if hasattr(os, "sched_getaffinity"):
        found = len(os.sched_getaffinity(0))
    else:
        found = os.cpu_count() or 1
    return min(found, _quota() or found)


def _quota() -> int:
    """Cores whose time a container may use up, rounded up; 0 where there is none."""
    with suppress(OSError, ValueError, ZeroDivisionError):
        quota, period = map(int, CPU_MAX.read_text().split())  # or "max", no number
        return max(math.ceil(quota / period), 0)
    return 0


def affinity_limit() -> int:
    """The same, but 0 where the process is held to none."""
    found = available()
    return found if found < (os.cpu_count() or 1) else 0


def run_parallel(tasks: Sequence[Callable[[], Any]], threads: int) -> list[Any]:
    """What each task returns, so many of them at a time; 0 takes all cores.

    Which come to nothing does not depend on the threads: the first in order raises.
    """
    at_once = min(threads or available(), len(tasks))
    if at_once < 2:
        return [task() for task in tasks]
    with ThreadPoolExecutor(at_once) as pool:
        return [future.result() for future in [pool.submit(task) for task in tasks]]
