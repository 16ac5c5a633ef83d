"""What became of each picture: JSON Lines that only grow, one file for each writer."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import time
from array import array
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from comrec.bulk.places import Local, Place, PlaceError
from comrec.errors import OutputError

Row = dict[str, Any]

SUFFIX = ".jsonl"
FLUSH_S = 10.0  # how much work a kill may cost where nothing can be appended to
SEGMENT_ROWS = 10_000


@dataclass(frozen=True)
class Shard:
    """The pictures that one run takes: those whose names fall to it, of `of` runs."""

    number: int = 0  # from 0
    of: int = 1

    def takes(self, key: str) -> bool:
        """Whether a picture is one of them; the same on every machine."""
        return self.of == 1 or _hash(key) % self.of == self.number

    @property
    def name(self) -> str:
        """How its manifest's files begin."""
        return f"{self.number:05d}-of-{self.of:05d}"

    def concerns(self, file_name: str) -> bool:
        """Whether a manifest's file can hold rows of its pictures."""
        others = file_name.split(".")[0].endswith(f"-of-{self.of:05d}")
        return not others or file_name.startswith(self.name)


ALL = Shard()


class Index:
    """Which pictures are done, and what is whose: checksums, 32 bytes a picture."""

    def __init__(self, rows: Iterator[Row]) -> None:
        keys, states, times = array("Q"), array("Q"), array("d")
        outputs = array("Q")  # the first of each row, as its sidecar shares its name
        for row in rows:
            keys.append(_hash(row["input"]))
            failed = row["state"] == "failed"
            states.append(
                0
                if failed
                else state(row["input"], row["version"], row["options"], row["outputs"])
            )
            times.append(row["at"])
            first = "" if failed else next(iter(row["outputs"]), "")
            outputs.append(_output(row["input"], first) if first else 0)
        self.latest = max(times, default=0.0)
        winners = _winners(keys, times)
        self._keys = np.array(keys, np.uint64)[winners]
        self._states = np.array(states, np.uint64)[winners]
        # Of all rows that are done: a later failure leaves the output where it is.
        last = _winners(outputs, times)
        self._outputs = np.array(outputs, np.uint64)[last]
        self._owners = np.array(keys, np.uint64)[last]

    def __contains__(self, found: tuple[str, str, str, Mapping[str, int]]) -> bool:
        """Whether (input, version, options, outputs) is what its last row says."""
        key = np.uint64(_hash(found[0]))
        place = int(np.searchsorted(self._keys, key))
        there = place < len(self._keys) and self._keys[place] == key
        return bool(there and int(self._states[place]) == state(*found))

    def has_failed(self, key: str) -> bool:
        """Whether the last row of a picture or folder says so."""
        wanted = np.uint64(_hash(key))
        place = int(np.searchsorted(self._keys, wanted))
        there = place < len(self._keys) and self._keys[place] == wanted
        return bool(there and self._states[place] == 0)

    def is_of_another(self, key: str, output: str) -> bool:
        """Whether a name beside a picture's is what another picture came to."""
        wanted = np.uint64(_output(key, output))
        place = int(np.searchsorted(self._outputs, wanted))
        there = place < len(self._outputs) and self._outputs[place] == wanted
        return bool(there and int(self._owners[place]) != _hash(key))


def state(key: str, version: str, options: str, outputs: Mapping[str, int]) -> int:
    """A checksum over all that makes a picture's outputs what they are; never 0."""
    return _hash(json.dumps([key, version, options, sorted(outputs.items())])) or 1


def read(place: Place, shard: Shard = ALL) -> Iterator[Row]:
    """All rows that can concern a shard, in the order in which each writer wrote them.

    A line that is cut off, or no row, is passed over: what it spoke of is done again.
    """
    for name in sorted(place.children("").files):
        if name.endswith(SUFFIX) and shard.concerns(name):
            for line in _lines(place, name):
                row = _parsed(line)
                if row is not None:
                    yield row


def merged(place: Place) -> Iterator[Row]:
    """The last row of every picture, whichever run wrote it."""
    keys, times = array("Q"), array("d")
    for row in read(place):
        keys.append(_hash(row["input"]))
        times.append(row["at"])
    last = _winners(keys, times)
    in_order, last_at = np.array(keys, np.uint64)[last], np.array(times)[last]
    for row in read(place):  # which a run that is going on may have added to
        found = int(np.searchsorted(in_order, np.uint64(_hash(row["input"]))))
        if found < len(last_at) and last_at[found] == row["at"]:
            yield row


def _winners(keys: array[int], times: array[float]) -> np.ndarray:
    """Where the last row of each key is, in the order of keys."""
    hashes = np.array(keys, np.uint64)
    order = np.lexsort((np.arange(len(keys)), np.array(times), hashes))
    in_order = hashes[order]
    return order[np.append(in_order[1:] != in_order[:-1], True)[: len(order)]]


class Log:
    """Where the rows of one run go. A row that `add` returned from outlives a kill.

    Args:
      place: the folder of the manifest.
      shard: names the file.

    Attributes:
      after: a time before that of all rows to come; clocks of machines differ.

    Raises:
      OutputError: another run is writing there.
      PlaceError: it cannot be written.
    """

    def __init__(self, place: Place, shard: Shard) -> None:
        self.after = 0.0
        self._writer: _Appended | _Segments
        if isinstance(place, Local):
            self._writer = _Appended(place.path(shard.name + SUFFIX))
        else:
            self._writer = _Segments(place, shard.name)

    def add(self, row: Row) -> None:
        """Adds the time, which no earlier row has, and writes."""
        self.after = max(round(time.time(), 3), round(self.after + 0.001, 3))
        line = json.dumps(row | {"at": self.after}, separators=(",", ":"))
        self._writer.add(line.encode() + b"\n")

    def close(self) -> None:
        """Everything is on the disk or in the store."""
        self._writer.close()


class _Appended:
    """A file that one run at a time adds to."""

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        except OSError as err:
            raise PlaceError(
                f"{path}: cannot be written ({err.strerror}). Check its permissions"
            ) from err
        self._path = path
        if not _locked(self._file):
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
        """A line whose end a crash took, on which the next one would be lost too."""
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
            f"once it can be: it goes on from here"
        )


class _Segments:
    """Objects of so many rows; the last one is written anew, longer, now and then."""

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


def _locked(file: int) -> bool:
    """Whether this process has the file for itself, where files can be locked."""
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


def _lines(place: Place, name: str) -> Iterator[bytes]:
    if isinstance(place, Local):
        try:
            with open(place.path(name), "rb") as file:
                yield from file
        except OSError as err:
            raise PlaceError(
                f"{place.where(name)}: cannot be read ({err.strerror}). Check its "
                f"permissions"
            ) from err
    else:
        yield from place.read(name).splitlines(keepends=True)


NEEDED: dict[str, Callable[[Any], bool]] = {
    "input": lambda value: isinstance(value, str),
    "state": lambda value: value in ("done", "failed", "listed"),
    "version": lambda value: isinstance(value, str),
    "options": lambda value: isinstance(value, str),
    "outputs": lambda value: (
        isinstance(value, dict) and all(isinstance(n, int) for n in value.values())
    ),
    "at": lambda value: isinstance(value, int | float),
}


def _parsed(line: bytes) -> Row | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    if isinstance(row, dict) and all(is_so(row.get(n)) for n, is_so in NEEDED.items()):
        return row
    return None


def _output(key: str, name: str) -> int:
    """Of an output in the folder that is a picture's."""
    return _hash(f"{key.rpartition('/')[0]}/{name}") or 1


def _hash(text: str) -> int:
    data = text.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")
