"""How many cores there are to work with."""

from __future__ import annotations

import os


def available() -> int:
    """Those that this process is held to, by taskset or a cpuset; else all."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def limit() -> int:
    """The same, but 0 where the process is held to none."""
    found = available()
    return found if found < (os.cpu_count() or 1) else 0
