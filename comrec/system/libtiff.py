"""Silences libtiff in Pillow, which writes what it finds damaged to stderr."""

from __future__ import annotations

import ctypes
import functools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from comrec.system.libraries import find_loaded

_OF_PILLOW = re.compile(r"libtiff[^/]*\.so")


@contextmanager
def silenced() -> Iterator[None]:
    """Takes the error handler away from the libtiff that Pillow has loaded.

    The handler belongs to the whole process, so callers must not overlap.
    """
    set_handler = _find()
    before = set_handler(None) if set_handler else None
    try:
        yield
    finally:
        if set_handler:
            set_handler(before)


@functools.cache
def _find() -> Any:
    """Returns TIFFSetErrorHandler of Pillow's libtiff; None where it is not found."""
    import PIL._imaging  # noqa: F401 (it loads libtiff)

    try:
        function = ctypes.CDLL(find_loaded(_OF_PILLOW, "pillow")).TIFFSetErrorHandler
    except (OSError, AttributeError):  # another system, or linked into Pillow itself
        return None
    function.argtypes, function.restype = [ctypes.c_void_p], ctypes.c_void_p
    return function
