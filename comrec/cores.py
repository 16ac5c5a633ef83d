"""How many cores there are to work with."""

from __future__ import annotations

import os


def available() -> int:
    """Those that this process may use: taskset and containers may leave it few."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
