"""Splits globs, and matches keys and folders with them."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase


def split_glob(text: str) -> tuple[str, tuple[str, ...]]:
    """Splits SRC into a root without wildcards and the parts of a pattern below it."""
    if "://" not in text and os.path.lexists(text):
        return text, ()
    parts = text.split("/")
    start = 3 if "://" in text else 0  # a bucket's name is no pattern
    for index, part in enumerate(parts):
        if index >= start and any(c in part for c in "*?["):
            root = "/".join(parts[:index])
            return root or ("/" if text.startswith("/") else "."), tuple(parts[index:])
    return text, ()


def matches(parts: list[str], pattern: tuple[str, ...]) -> bool:
    """Tells whether a path matches a pattern of `glob`; ** is any number of folders."""
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


def can_match_below(folder: list[str], pattern: tuple[str, ...]) -> bool:
    """Tells whether a path below a folder can match a pattern; () matches all."""
    for i, part in enumerate(folder):
        if not pattern or pattern[i] == "**":
            return True
        if i + 1 == len(pattern) or not fnmatchcase(part, pattern[i]):
            return False
    return True
