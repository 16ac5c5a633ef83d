"""Starts processes that do not outlive their test, whatever fails in it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress

_started: list[tuple[subprocess.Popen, bool]] = []


def start(command: Sequence[object], **how: object) -> subprocess.Popen:
    """Starts a process as `subprocess.Popen` does."""
    process = subprocess.Popen(list(map(str, command)), **how)
    _started.append((process, bool(how.get("start_new_session"))))
    return process


def end_all() -> None:
    """Kills what was started and still runs, and closes its pipes."""
    while _started:
        process, is_group = _started.pop()
        with process:  # closes, and waits
            if is_group:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
            process.kill()
