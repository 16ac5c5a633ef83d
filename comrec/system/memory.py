"""Memory that was freed goes back to the system, where the C library would keep it."""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache
from typing import Any

LARGE_BYTES = 2**24  # an array so large is fetched from the system by itself
# Parameters of glibc's mallopt, with the variables by which a user may have set them.
MALLOPT = {-1: "MALLOC_TRIM_THRESHOLD_", -3: "MALLOC_MMAP_THRESHOLD_"}


@cache
def tune() -> None:
    """For a process of comrec's own: what large arrays took goes back at once.

    By itself glibc learns from the first that is freed to keep all below 32 MB, for
    each thread apart. How much a picture takes then depends on which thread was first.
    """
    library = _glibc()
    if library and "GLIBC_TUNABLES" not in os.environ:
        for parameter, variable in MALLOPT.items():
            if variable not in os.environ:
                library.mallopt(parameter, LARGE_BYTES)


def trim() -> None:
    """What was freed so far; takes milliseconds."""
    library = _glibc()
    if library:
        library.malloc_trim(0)


@cache
def _glibc() -> Any:
    """The C library; None where it is another, without such calls."""
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "malloc_trim") else None
