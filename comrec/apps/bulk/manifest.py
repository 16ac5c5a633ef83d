"""What became of each picture: JSON Lines that only grow, one file for each writer."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from comrec.apps.bulk.places import Local, Place, PlaceError

Row = dict[str, Any]

SUFFIX = ".jsonl"
LATEST = 1e11  # a time of a row, in seconds: later ones are none, and endless ones too


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
    "at": lambda value: isinstance(value, int | float) and 0 <= value < LATEST,
}


def _parsed(line: bytes) -> Row | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
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
