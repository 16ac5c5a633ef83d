"""Writes rows of the manifest, so that a kill loses no row."""

from __future__ import annotations

import json
import os
import secrets
import time
from contextlib import suppress
from pathlib import Path

from comrec.apps.bulk.manifest import SUFFIX, Row, Shard
from comrec.apps.bulk.places import Local, Place, PlaceError
from comrec.errors import OutputError

FLUSH_S = 10.0  # of work that a kill may lose in stores that cannot append
SEGMENT_ROWS = 10_000


class Log:
    """Writes the rows of one run. In a local folder, each added row survives a kill.

    Args:
      place: the folder of the manifest.
      shard: the shard whose name the file has.

    Attributes:
      latest_s: seconds since the epoch, of the latest row. Later rows get later times,
        though the clocks of machines differ.

    Raises:
      OutputError: another run is writing to the same file.
      PlaceError: the manifest cannot be written.
    """

    def __init__(self, place: Place, shard: Shard) -> None:
        self.latest_s = 0.0
        self._writer: _AppendedFile | _Segments
        if isinstance(place, Local):
            self._writer = _AppendedFile(place.path(shard.name + SUFFIX))
        else:
            self._writer = _Segments(place, shard.name)

    def add(self, row: Row) -> None:
        """Writes a row with the current time, later than that of every earlier row."""
        self.latest_s = max(round(time.time(), 3), round(self.latest_s + 0.001, 3))
        line = json.dumps(row | {"at": self.latest_s}, separators=(",", ":"))
        self._writer.add(line.encode() + b"\n")

    def close(self) -> None:
        """Writes all remaining rows to the disk or store."""
        self._writer.close()


class _AppendedFile:
    """Appends lines to a local file, which one run at a time may do."""

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        except OSError as err:
            raise PlaceError(
                f"{path}: cannot be written ({err.strerror}). Check its permissions"
            ) from err
        self._path = path
        if not _try_lock(self._file):
            os.close(self._file)
            raise OutputError(
                f"{path}: another run is writing to it. Wait for its end, or give each "
                f"run a --shard of its own"
            )
        try:
            self._drop_torn_line()
        except OSError as err:
            os.close(self._file)
            raise self._unwritten(err) from err

    def _drop_torn_line(self) -> None:
        """Truncates an incomplete last line, which would damage the next line too."""
        size = end = os.lseek(self._file, 0, os.SEEK_END)
        while end:
            start = max(end - 2**16, 0)
            found = os.pread(self._file, end - start, start).rfind(b"\n")
            if found >= 0:
                end = start + found + 1
                break
            end = start
        if end < size:
            os.ftruncate(self._file, end)

    def add(self, line: bytes) -> None:
        try:
            while line:
                line = line[os.write(self._file, line) :]
        except OSError as err:
            raise self._unwritten(err) from err

    def close(self) -> None:
        try:
            os.fsync(self._file)
        except OSError as err:
            raise self._unwritten(err) from err
        finally:
            with suppress(OSError):
                os.close(self._file)

    def _unwritten(self, err: OSError) -> PlaceError:
        return PlaceError(
            f"{self._path}: cannot be written ({err.strerror}). Run the same command "
            f"once it can be: it continues from here"
        )


class _Segments:
    """Writes objects of SEGMENT_ROWS rows; rewrites the last one every FLUSH_S."""

    def __init__(self, place: Place, name: str) -> None:
        stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
        self._place, self._run = place, f"{name}.{stamp}-{secrets.token_hex(3)}"
        self._lines: list[bytes] = []
        self._written, self._number = 0, 0
        self._flushed_s = time.monotonic()

    def add(self, line: bytes) -> None:
        self._lines.append(line)
        full = len(self._lines) == SEGMENT_ROWS
        if full or time.monotonic() - self._flushed_s >= FLUSH_S:
            self._flush()
        if full:
            self._lines, self._written = [], 0
            self._number += 1

    def _flush(self) -> None:
        if len(self._lines) > self._written:
            name = f"{self._run}.{self._number:05d}{SUFFIX}"
            self._place.write(name, b"".join(self._lines))
            self._written = len(self._lines)
        self._flushed_s = time.monotonic()

    def close(self) -> None:
        self._flush()


def _try_lock(file: int) -> bool:
    """Locks a file; False if another process holds the lock."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # some network file systems have no locks
        return True
    return True
