"""Runs work in a forked process, within limits of time and memory."""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

WAIT_FACTOR = 10  # seconds on the clock for a second of a core, at most

Answer = dict[str, object]
Work = Callable[[], Iterator[Answer]]


class Limits(NamedTuple):
    """Bounds a process: seconds of a core, and megabytes beyond those of its parent."""

    seconds: int = 20
    memory_mb: int = 2048


@dataclass
class Ended:
    """Says how a process ended.

    Attributes:
      answers: what the work yielded.
      end: "" for an ordinary end; "hung", "crashed (SIGSEGV)" and the like, or
        "status N".
      said: bytes on stdout and stderr.
      peak_mb: resident memory beyond that at its start.
    """

    answers: list[Answer] = field(default_factory=list)
    end: str = ""
    said: bytes = b""
    peak_mb: int = 0


def said_bytes() -> int:
    """Returns how much this process has written to stderr, which is a file."""
    return os.fstat(2).st_size


def run(work: Work, limits: Limits) -> Ended:
    """Runs work in a fork of this process, to its end or that of the limits.

    Args:
      work: yields what JSON can say; each answer arrives though a later step crashes.
      limits: of the process.
    """
    with tempfile.TemporaryFile() as said:
        reading, writing = os.pipe()
        pid = os.fork()
        if not pid:
            os.close(reading)
            _work(work, limits, said.fileno(), writing)
        os.close(writing)
        text, in_time = _collect(reading, limits.seconds * WAIT_FACTOR)
        if not in_time:
            os.kill(pid, signal.SIGKILL)
        _, status, usage = os.wait4(pid, 0)
        said.seek(0)
        answers = [json.loads(line) for line in text.splitlines()]
        start_mb = int(answers.pop(0)["start_mb"]) if answers else 0
        ended = Ended(answers)
        ended.end = _name_end(status) if in_time else "hung"
        ended.said = said.read()
        ended.peak_mb = usage.ru_maxrss // 1024 - start_mb
    return ended


def _work(work: Work, limits: Limits, said: int, writing: int) -> None:
    """Does the work and ends the process; it never returns."""
    status = 70
    try:
        os.dup2(said, 1)
        os.dup2(said, 2)
        _limit(limits)
        with os.fdopen(writing, "wb", buffering=0) as out:
            _send(out, {"start_mb": _memory_mb()[1]})
            for answer in work():
                _send(out, answer)
        status = 0
    finally:
        os._exit(status)


def _send(out: BinaryIO, answer: Answer) -> None:
    out.write(json.dumps(answer).encode() + b"\n")


def _limit(limits: Limits) -> None:
    megabytes = _memory_mb()[0]
    most = (megabytes + limits.memory_mb) << 20
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.seconds, limits.seconds + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _collect(reading: int, seconds: float) -> tuple[bytes, bool]:
    """Returns what came through a pipe, and whether it closed in time."""
    parts, until = [], time.monotonic() + seconds
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        while (left := until - time.monotonic()) > 0:
            if not select.select([pipe], [], [], left)[0]:
                break
            part = pipe.read(1 << 16)
            if not part:
                return b"".join(parts), True
            parts.append(part)
    return b"".join(parts), False


def _name_end(status: int) -> str:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number == signal.SIGXCPU:
            return "hung"
        return f"crashed ({signal.Signals(number).name})"
    code = os.waitstatus_to_exitcode(status)
    return f"status {code}" if code else ""


def _memory_mb() -> tuple[int, int]:
    """Returns the memory of this process: addresses, and what of them is resident."""
    with open("/proc/self/statm") as file:
        pages = [int(n) for n in file.read().split()[:2]]
    total, resident = (n * os.sysconf("SC_PAGE_SIZE") >> 20 for n in pages)
    return total, resident
