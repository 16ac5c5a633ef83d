"""Prepares the standard streams of the process for results, notes and libraries."""

from __future__ import annotations

import contextlib
import os
import sys

_closed: set[int] = set()  # descriptors that were closed when the process started


def prepare() -> None:
    """Opens closed streams to nowhere, and keeps libraries off the terminal.

    Libraries write warnings to the descriptor of stderr. It leads nowhere from here on;
    sys.stderr has the terminal by a descriptor of its own. A closed descriptor would be
    given to the next file that is opened, which would then get these warnings.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
            _closed.add(number)
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, "r", encoding="utf-8", closefd=False)
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)
        return
    with contextlib.suppress(OSError, ValueError):  # as replaced by another program
        _separate()


def _separate() -> None:
    before = sys.stderr
    terminal = os.dup(before.fileno())
    sys.stderr = os.fdopen(
        terminal, "w", encoding=before.encoding, errors=before.errors, buffering=1
    )
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def is_stdout_closed() -> bool:
    """Tells whether the process was started without a stdout."""
    return 1 in _closed
