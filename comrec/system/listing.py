"""Lists folders: every entry, with the reason where it cannot be read."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from comrec.errors import ComrecError

LINKED_FOLDER, SPECIAL = "links to folders", "pipes and devices"


class Entry(NamedTuple):
    """Describes an entry of a folder that is no folder.

    Attributes:
      size: in bytes.
      version: a text that changes with the content.
      problem: why the file cannot be read; empty if no reason is known.
      kind: LINKED_FOLDER or SPECIAL, which are never read; empty for a file.
    """

    size: int
    version: str
    problem: str = ""
    kind: str = ""


class Listing(NamedTuple):
    """Lists one folder: its files by name, and the names of its folders."""

    files: dict[str, Entry]
    folders: list[str]


def scan(folder: Path) -> Listing:
    """Lists a local folder.

    A link to a file counts as the file. A link that leads nowhere is an entry with a
    problem, so that a run reports it.

    Raises:
      OSError: the folder cannot be listed.
    """
    found = Listing({}, [])
    with os.scandir(folder) as entries:
        for entry in entries:
            # Links to folders can form a cycle, or lead outside.
            if entry.is_dir(follow_symlinks=False):
                found.folders.append(entry.name)
            elif described := _describe(entry):
                found.files[entry.name] = described
    return found


def _describe(entry: os.DirEntry[str]) -> Entry | None:
    """Describes a file, link, pipe or device; None if it was removed meanwhile."""
    try:
        about = entry.stat()
    except OSError as err:
        if isinstance(err, FileNotFoundError) and not entry.is_symlink():
            return None
        return Entry(0, "", f"cannot be read ({err.strerror})")
    if stat.S_ISREG(about.st_mode):
        return Entry(about.st_size, f"{about.st_size}-{about.st_mtime_ns}")
    is_folder = stat.S_ISDIR(about.st_mode)
    return Entry(0, "", kind=LINKED_FOLDER if is_folder else SPECIAL)


def list_folder(folder: Path) -> Listing:
    """Lists a local folder as `scan` does.

    Raises:
      ComrecError: the folder cannot be listed.
    """
    try:
        return scan(folder)
    except OSError as err:
        raise ComrecError(
            f"{folder}: cannot be listed ({err.strerror}). Check its permissions"
        ) from err


def walk(
    list_one: Callable[[str], Listing], enters: Callable[[str], bool] = lambda _: True
) -> Iterator[tuple[str, Listing | ComrecError]]:
    """Yields the folders of a tree in order of name, each with its listing or error.

    Args:
      list_one: lists a folder by its key: the path below the root, with slashes, ""
        for the root.
      enters: returns whether to list a folder.

    Raises:
      ComrecError: the root cannot be listed.
    """
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        try:
            found = list_one(folder)
        except ComrecError as err:
            if not folder:
                raise
            yield folder, err
            continue
        yield folder, found
        below = [join(folder, name) for name in found.folders]
        waiting += sorted(filter(enters, below), reverse=True)


def join(folder: str, name: str) -> str:
    """Returns the key of an entry of a folder."""
    return f"{folder}/{name}" if folder else name
