"""Reads the manifest: JSON Lines with the state of each picture, a file per writer."""

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
# Takes the place of the options of a file that is left out, so that the file is
# processed once this comrec reads its kind.
LEFT_OUT = "left out: {}"
LATEST_S = 1e11  # since the epoch: rows with later or infinite times are ignored


@dataclass(frozen=True)
class Shard:
    """Describes the part of the pictures that one of `count` runs processes."""

    number: int = 0  # from 0
    count: int = 1

    def takes(self, key: str) -> bool:
        """Tells whether a picture belongs to the shard; the same on every machine."""
        return self.count == 1 or _hash(key) % self.count == self.number

    @property
    def name(self) -> str:
        """Returns the start of the names of its files in the manifest."""
        return f"{self.number:05d}-of-{self.count:05d}"

    def concerns(self, file_name: str) -> bool:
        """Tells whether a file of the manifest can hold rows of its pictures."""
        others = file_name.split(".")[0].endswith(f"-of-{self.count:05d}")
        return not others or file_name.startswith(self.name)


ALL = Shard()


class Index:
    """Holds the state of each picture and the owner of each output, 32 bytes a picture.

    Attributes:
      latest_s: seconds since the epoch, of the latest row; 0 without rows.
    """

    def __init__(self, rows: Iterator[Row]) -> None:
        keys, states, times = array("Q"), array("Q"), array("d")
        outputs = array("Q")  # the first of each row: its sidecar shares the name
        for row in rows:
            keys.append(_hash(row["input"]))
            failed = row["state"] == "failed"
            options = row["options"]
            if row["state"] == "left_out":
                options = LEFT_OUT.format(row.get("reason"))
            found = row["input"], row["version"], options, row["outputs"]
            states.append(0 if failed else checksum(*found))
            times.append(row["at"])
            first = "" if failed else next(iter(row["outputs"]), "")
            outputs.append(_hash_output(row["input"], first) if first else 0)
        self.latest_s = max(times, default=0.0)
        winners = _find_last(keys, times)
        self._keys = np.array(keys, np.uint64)[winners]
        self._states = np.array(states, np.uint64)[winners]
        # Of all rows with state "done": a later failure leaves the output in place.
        last = _find_last(outputs, times)
        self._outputs = np.array(outputs, np.uint64)[last]
        self._owners = np.array(keys, np.uint64)[last]

    def __contains__(self, found: tuple[str, str, str, Mapping[str, int]]) -> bool:
        """Tells whether the last row of the input has these values.

        Args:
          found: input, version, options and outputs, as `checksum` takes them.
        """
        place = _find(self._keys, _hash(found[0]))
        return place is not None and int(self._states[place]) == checksum(*found)

    def has_failed(self, key: str) -> bool:
        """Tells whether the last row of a picture or folder has the state "failed"."""
        place = _find(self._keys, _hash(key))
        return place is not None and int(self._states[place]) == 0

    def belongs_to_other(self, key: str, output: str) -> bool:
        """Tells whether an output in a picture's folder belongs to another picture."""
        place = _find(self._outputs, _hash_output(key, output))
        return place is not None and int(self._owners[place]) != _hash(key)


def checksum(key: str, version: str, options: str, outputs: Mapping[str, int]) -> int:
    """Returns a 64-bit checksum of all that outputs depend on, and of them; never 0."""
    return _hash(json.dumps([key, version, options, sorted(outputs.items())])) or 1


def read(place: Place, shard: Shard = ALL) -> Iterator[Row]:
    """Yields the rows that can concern a shard, of each writer in order of writing.

    Skips incomplete and invalid lines; their pictures are then processed again.
    """
    for name, entry in sorted(place.children("").files.items()):
        is_file = not entry.kind  # and no pipe, which would be waited for
        if is_file and name.endswith(SUFFIX) and shard.concerns(name):
            for line in _read_lines(place, name):
                row = _parse(line)
                if row is not None:
                    yield row


def read_latest(place: Place) -> Iterator[Row]:
    """Yields the last row of every picture, over all runs."""
    keys, times = array("Q"), array("d")
    for row in read(place):
        keys.append(_hash(row["input"]))
        times.append(row["at"])
    last = _find_last(keys, times)
    in_order, last_at = np.array(keys, np.uint64)[last], np.array(times)[last]
    for row in read(place):  # a running writer may have added rows meanwhile
        found = int(np.searchsorted(in_order, np.uint64(_hash(row["input"]))))
        if found < len(last_at) and last_at[found] == row["at"]:
            yield row


def _find_last(keys: array[int], times: array[float]) -> np.ndarray:
    """Returns the index of the last row of each key, in the order of keys."""
    hashes = np.array(keys, np.uint64)
    order = np.lexsort((np.arange(len(keys)), np.array(times), hashes))
    in_order = hashes[order]
    return order[np.append(in_order[1:] != in_order[:-1], True)[: len(order)]]


def _find(ordered: np.ndarray, key: int) -> int | None:
    """Returns the index of a key in ascending keys, uint64 (N,); None if absent."""
    wanted = np.uint64(key)
    place = int(np.searchsorted(ordered, wanted))
    return place if place < len(ordered) and ordered[place] == wanted else None


def _read_lines(place: Place, name: str) -> Iterator[bytes]:
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


FIELD_CHECKS: dict[str, Callable[[Any], bool]] = {
    "input": lambda value: isinstance(value, str),
    "state": lambda value: value in ("done", "failed", "listed", "left_out"),
    "version": lambda value: isinstance(value, str),
    "options": lambda value: isinstance(value, str),
    "outputs": lambda value: (
        isinstance(value, dict) and all(isinstance(n, int) for n in value.values())
    ),
    "at": lambda value: isinstance(value, int | float) and 0 <= value < LATEST_S,
}


def _parse(line: bytes) -> Row | None:
    """Returns the row of a line; None if the line holds none."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if isinstance(row, dict) and all(
        is_valid(row.get(n)) for n, is_valid in FIELD_CHECKS.items()
    ):
        return row
    return None


def _hash_output(key: str, name: str) -> int:
    """Returns the hash of an output in the folder of a picture; never 0."""
    return _hash(f"{key.rpartition('/')[0]}/{name}") or 1


def _hash(text: str) -> int:
    data = text.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")
