"""Serves calls in a child process of `confined`."""

from __future__ import annotations

import importlib
import os
import signal
import struct
import sys

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

# As in `confined`, whose imports would delay the start of each child.
REQUEST, REPLY = struct.Struct("<QIHQ"), struct.Struct("<BQ")
MESSAGE_CHARACTERS = 1000


def serve(module: str) -> None:
    """Receives calls of a module's functions on stdin, and sends results on stdout."""
    # Ctrl-C reaches every process of a terminal; the parent ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    source = sys.stdin.buffer
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # for what a library may print
    _forbid("RLIMIT_CORE", "RLIMIT_FSIZE")
    functions = importlib.import_module(module)
    while len(head := source.read(REQUEST.size)) == REQUEST.size:
        memory_bytes, seconds, name_length, size = REQUEST.unpack(head)
        name = source.read(name_length).decode()
        _limit(memory_bytes, seconds)
        data = source.read(size)
        if len(data) < size:  # the parent has ended
            return
        raised = 0
        try:
            result = getattr(functions, name)(data)
        except BaseException as err:  # panics of Rust are no `Exception`
            text = " ".join(str(err).split())[:MESSAGE_CHARACTERS]
            raised, result = 1, (text or type(err).__name__).encode()
        del data
        replies.write(REPLY.pack(raised, len(result)))
        replies.write(result)
        replies.flush()


def _forbid(*names: str) -> None:
    for name in names if resource else ():
        limit = getattr(resource, name)
        resource.setrlimit(limit, (0, resource.getrlimit(limit)[1]))


def _limit(memory_bytes: int, seconds: int) -> None:
    """Limits the memory of this process, and the time from now on."""
    if not resource:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    end_s = int(used.ru_utime + used.ru_stime) + 1 + seconds
    for name, value in (("RLIMIT_AS", memory_bytes), ("RLIMIT_CPU", end_s)):
        limit = getattr(resource, name)
        most = resource.getrlimit(limit)[1]
        if most != resource.RLIM_INFINITY:
            value = min(value, most)
        try:
            resource.setrlimit(limit, (value, most))
        except (OSError, ValueError):  # macOS refuses limits of addresses
            continue
