"""Counts the cores that this process may use, and runs tasks on several of them."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

CPU_MAX = Path("/sys/fs/cgroup/cpu.max")  # the quota of a container (cgroup v2)


def available() -> int:
    """Returns the number of cores that affinity and a container's quota allow."""
    if hasattr(os, "sched_getaffinity"):
        found = len(os.sched_getaffinity(0))
    else:
        found = os.cpu_count() or 1
    return min(found, _quota() or found)


def _quota() -> int:
    """Returns the quota of a container in cores, rounded up; 0 without a quota."""
    with suppress(OSError, ValueError, ZeroDivisionError):
        quota, period = map(int, CPU_MAX.read_text().split())  # or "max", no number
        return max(math.ceil(quota / period), 0)
    return 0


def affinity_limit() -> int:
    """Returns the number of available cores, or 0 where those are all cores."""
    found = available()
    return found if found < (os.cpu_count() or 1) else 0


def run_parallel(tasks: Sequence[Callable[[], Any]], threads: int) -> list[Any]:
    """Runs tasks in threads and returns their results in the order of the tasks.

    Args:
      tasks: functions without arguments.
      threads: tasks that run at the same time; 0 takes all cores.

    Raises:
      Exception: that of the first task in order that fails, whatever `threads` is.
    """
    at_once = min(threads or available(), len(tasks))
    if at_once < 2:
        return [task() for task in tasks]
    with ThreadPoolExecutor(at_once) as pool:
        return [future.result() for future in [pool.submit(task) for task in tasks]]
