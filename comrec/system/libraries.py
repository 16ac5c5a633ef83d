"""Finds libraries that this process has loaded."""

from __future__ import annotations

import os
import re

MAPS = "/proc/self/maps"


def find_loaded(name: re.Pattern[str], near: str = "") -> str:
    """Returns the path of a loaded library.

    Args:
      name: matches the start of its file name.
      near: a part of its path, which goes before others.

    Raises:
      OSError: it is not loaded, or the system does not tell.
    """
    found = []
    with open(MAPS, encoding="utf-8", errors="surrogateescape") as maps:
        for line in maps:
            path = "/" + line.rstrip("\n").partition("/")[2]
            if name.match(os.path.basename(path)):
                found.append(path)
    if not found:
        raise OSError(f"no library {name.pattern} is loaded")
    return next((path for path in found if near in path.lower()), found[0])
