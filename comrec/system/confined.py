"""Calls functions in child processes that have limits of memory and of time.

A library that reads files of unknown origin may allocate what a header claims, loop, or
end its process. In a child all of these end one call.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import struct
import subprocess
import sys
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

# An editable install finds comrec by a hook, which a child without `site` lacks.
ROOT = str(Path(__file__).parents[2])
# Of a request: limits of memory and processor time, length of the name and of the data.
REQUEST = struct.Struct("<QIHQ")
REPLY = struct.Struct("<BQ")  # whether the call raised, length of the data
MESSAGE_BYTES = 2**16  # more of an error is damage
WALL_FACTOR, WALL_SLACK_S = 20, 60.0  # wall time for a second of processor time
_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from comrec.system import confined_child; confined_child.serve(sys.argv[2])"
)


@dataclass(frozen=True)
class Limits:
    """Holds the limits of one call.

    Attributes:
      memory_bytes: of addresses, of the whole child.
      seconds: of processor time, on all cores together.
      result_bytes: of what the function may return.
    """

    memory_bytes: int
    seconds: int
    result_bytes: int


class CallError(Exception):
    """Reports the error that a function raised, in one line."""


class EndedError(Exception):
    """Reports that the child ended during a call, and how."""


class Confined:
    """Calls functions of a module, which take and return bytes, in child processes.

    Calls from several threads run in as many children. A child serves one call after
    another, and ends with this process. Systems without limits of memory (Windows)
    limit the time alone.

    Args:
      module: name of the module, which a child imports.
    """

    def __init__(self, module: str) -> None:
        self._module = module
        # By process: a forked one must not touch the children of its parent.
        self._idle: dict[int, deque[_Child]] = {}
        atexit.register(self.close)

    def call(self, function: str, data: bytes, limits: Limits) -> bytes:
        """Returns the result of a function.

        Raises:
          CallError: the function raised an error.
          EndedError: the child ended: it crashed, or met a limit.
        """
        child = self._take()
        is_used = child.calls > 0
        try:
            result = child.call(function, data, limits)
        except CallError:
            self._give(child)
            raise
        except EndedError:
            child.end()
            if not is_used:
                raise
            # What an earlier call left there may be the cause, or a person's kill.
            child = _Child(self._module)
            try:
                result = child.call(function, data, limits)
            except BaseException:
                child.end()
                raise
        except BaseException:
            child.end()
            raise
        self._give(child)
        return result

    def close(self) -> None:
        """Ends the idle children. Further calls start new ones."""
        idle = self._mine()
        while idle:
            idle.pop().end()

    def _take(self) -> _Child:
        try:
            return self._mine().pop()
        except IndexError:
            return _Child(self._module)

    def _give(self, child: _Child) -> None:
        self._mine().append(child)

    def _mine(self) -> deque[_Child]:
        return self._idle.setdefault(os.getpid(), deque())


class _Child:
    """Controls one child.

    Attributes:
      calls: number of calls that it has served.
    """

    def __init__(self, module: str) -> None:
        self.calls = 0
        self._is_late = False
        # glibc reserves 64 MB of addresses for each thread, unless it is told not to.
        environment = os.environ | {"MALLOC_ARENA_MAX": "1"}
        path = json.dumps([*sys.path, ROOT])
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _START, path, module],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=environment,
        )  # fmt: skip

    def call(self, function: str, data: bytes, limits: Limits) -> bytes:
        """Returns the result of a function; raises CallError or EndedError."""
        wall_s = WALL_FACTOR * limits.seconds + WALL_SLACK_S
        timer = threading.Timer(wall_s, self._stop_late)
        timer.daemon = True
        timer.start()
        try:
            raised, result = self._exchange(function.encode(), data, limits)
        except (OSError, EOFError):
            raise EndedError(self._describe_end(limits)) from None
        finally:
            timer.cancel()
        self.calls += 1
        if raised:
            raise CallError(result.decode("utf-8", "replace"))
        return result

    def end(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if pipe:
                    pipe.close()

    def _exchange(self, name: bytes, data: bytes, limits: Limits) -> tuple[int, bytes]:
        to, back = self._process.stdin, self._process.stdout
        assert to is not None
        assert back is not None
        head = limits.memory_bytes, limits.seconds, len(name), len(data)
        to.write(REQUEST.pack(*head) + name)
        to.write(data)
        to.flush()
        raised, size = REPLY.unpack(read_exactly(back, REPLY.size))
        if size > (MESSAGE_BYTES if raised else limits.result_bytes):
            self._process.kill()
            raise EOFError
        return raised, read_exactly(back, size)

    def _stop_late(self) -> None:
        self._is_late = True
        self._process.kill()

    def _describe_end(self, limits: Limits) -> str:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1)  # a child that closed its pipe is about to end
        self._process.kill()
        code = self._process.wait()
        if self._is_late or code == -getattr(signal, "SIGXCPU", 0):
            return f"takes more than {limits.seconds} s"
        memory = f"or takes more than {limits.memory_bytes >> 20} MB"
        return f"its decoder ended (status {code}), {memory}"


def read_exactly(file: IO[bytes], size: int) -> bytes:
    """Reads `size` bytes; raises EOFError if fewer are left."""
    data = file.read(size)
    if len(data) < size:
        raise EOFError
    return data
