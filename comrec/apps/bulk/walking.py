"""Through a tree of folders, whole or where a glob leads."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase

from comrec.apps.bulk.places import Listing, Place, PlaceError


def split_glob(text: str) -> tuple[str, tuple[str, ...]]:
    """The part of SRC without wildcards, and the pattern of the rest, part by part."""
    if "://" not in text and os.path.lexists(text):
        return text, ()
    parts = text.split("/")
    start = 3 if "://" in text else 0  # a bucket's name is no pattern
    for index, part in enumerate(parts):
        if index >= start and any(c in part for c in "*?["):
            root = "/".join(parts[:index])
            return root or ("/" if text.startswith("/") else "."), tuple(parts[index:])
    return text, ()


def walk(
    source: Place, enters: Callable[[str], bool] = lambda _: True
) -> Iterator[tuple[str, Listing | PlaceError]]:
    """Folder by folder, in the order of names; one that cannot be listed, with why.

    Raises:
      PlaceError: the root cannot be listed.
    """
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        try:
            found = source.list(folder)
        except PlaceError as err:
            if not folder:
                raise
            yield folder, err
            continue
        yield folder, found
        below = [f"{folder}/{name}".lstrip("/") for name in found.folders]
        waiting += sorted(filter(enters, below), reverse=True)


def matches(parts: list[str], pattern: tuple[str, ...]) -> bool:
    """As `glob` would, where ** stands for any number of folders."""
    if not pattern:
        return not parts
    if pattern[0] == "**":
        rest = pattern[1:] or ("*",)
        return any(matches(parts[i:], rest) for i in range(len(parts)))
    return (
        bool(parts)
        and fnmatchcase(parts[0], pattern[0])
        and matches(parts[1:], pattern[1:])
    )


def may_lead(folder: list[str], pattern: tuple[str, ...]) -> bool:
    """Whether a folder can hold what a pattern asks for; none asks for all."""
    for i, part in enumerate(folder):
        if not pattern or pattern[i] == "**":
            return True
        if i + 1 == len(pattern) or not fnmatchcase(part, pattern[i]):
            return False
    return True
