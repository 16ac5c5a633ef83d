"""Returns freed memory to the system, where the C library (glibc) would keep it."""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache
from typing import Any

LARGE_BYTES = 2**24  # larger arrays are allocated from the system one by one
# Parameters of glibc's mallopt, with the variables by which a user may have set them.
MALLOPT = {-1: "MALLOC_TRIM_THRESHOLD_", -3: "MALLOC_MMAP_THRESHOLD_"}


@cache
def tune() -> None:
    """Sets glibc's allocator to return large arrays to the system when they are freed.

    By default glibc raises its threshold to as much as 32 MB when a large array is
    freed, in each thread's arena. The peak memory of a run then depends on the order
    of its threads. Variables that a user has set for the allocator stay in force.
    """
    library = _glibc()
    if library and "GLIBC_TUNABLES" not in os.environ:
        for parameter, variable in MALLOPT.items():
            if variable not in os.environ:
                library.mallopt(parameter, LARGE_BYTES)


def trim() -> None:
    """Returns all memory freed so far to the system. Takes milliseconds."""
    library = _glibc()
    if library:
        library.malloc_trim(0)


@cache
def _glibc() -> Any:
    """Returns the C library, or None where the C library is not glibc."""
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "malloc_trim") else None
