"""Plans the tasks of a run from listings and the manifest, folder by folder."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from comrec.apps.bulk import walking
from comrec.apps.bulk.manifest import ALL, Index, Shard
from comrec.apps.bulk.places import Listing, Place
from comrec.apps.bulk.summary import Tally
from comrec.format import names
from comrec.system import files

COMPRESS, DECOMPRESS = "compress", "decompress"


class Task(NamedTuple):
    """Describes the work on one picture.

    Attributes:
      key: of the picture, below SRC. A slash at its end marks a folder that could not
        be listed, or that can be listed again.
      sidecar: key of the sidecar file, if decompression needs one; else empty.
      version: a text that changes with the picture.
      output: key below DST.
      replaces: whether a file with the name of an output exists.
      is_retry: whether a killed worker may have left a temporary file.
      problem: why the picture cannot be processed; empty if no reason is known.
    """

    key: str
    sidecar: str
    version: str
    output: str
    replaces: bool = False
    is_retry: bool = False
    problem: str = ""


@dataclass(frozen=True)
class Plan:
    """Finds the pictures of a run, and decides which of them to process.

    Attributes:
      source, destination: the two places.
      pattern: of keys below the source, one item for each folder level; empty for all.
      direction: COMPRESS or DECOMPRESS.
      options: fingerprint of the options.
      shard: the part of the pictures that this run processes.
    """

    source: Place
    destination: Place
    pattern: tuple[str, ...] = ()
    direction: str = COMPRESS
    options: str = ""
    shard: Shard = ALL

    def tasks(self, index: Index, tally: Tally) -> Iterator[Task]:
        """Yields missing, changed and faulty pictures; counts the others in the tally.

        Raises:
          PlaceError: the root of the source, or the destination, cannot be listed.
        """
        for folder in self._folders():
            if not isinstance(folder, _Folder):
                yield folder
                continue
            folder_key = f"{folder.key}/"
            if self.shard.takes(folder_key) and index.has_failed(folder_key):
                yield Task(folder_key, "", "", "")  # it can be listed again
            tally.left_out += folder.left_out
            if not folder.mine:
                continue
            folder.add_outputs(self.destination.children(folder.key))
            for name in folder.mine:
                task, present = folder.task(name), folder.present(name)
                if (task.key, task.version, self.options, present) in index:
                    tally.skipped += 1
                    for output in folder.outputs(name) if task.is_retry else ():
                        self.destination.sweep(join(folder.key, output))
                elif problem := folder.problem(name, index):
                    where = self.source.where(task.key)
                    yield task._replace(problem=f"{where}: {problem}")
                else:
                    yield task

    def count(self) -> int:
        """Returns the number of pictures of this run, processed or not."""
        return sum(
            len(folder.mine) if isinstance(folder, _Folder) else 1
            for folder in self._folders()
        )

    def _folders(self) -> Iterator[_Folder | Task]:
        for key, found in walking.walk(self.source, self._enters):
            if isinstance(found, Listing):
                yield _Folder(self, key, found)
            elif self.shard.takes(f"{key}/"):
                yield Task(f"{key}/", "", "", "", problem=str(found))

    def _enters(self, folder: str) -> bool:
        return walking.can_match_below(folder.split("/"), self.pattern)


class _Folder:
    """Plans the pictures of one folder of the source.

    Attributes:
      key: of the folder.
      mine: names of its pictures that belong to this run.
      left_out: number of its pictures with names that comrec gives to its outputs.
    """

    def __init__(self, plan: Plan, key: str, found: Listing) -> None:
        self.key, self._plan, self._found = key, plan, found
        named = [n for n in sorted(found.files) if self._is_wanted(n)]
        inputs = [n for n in named if self._is_input(n)]
        self._sharing = Counter(map(self._output, inputs))
        # By output, so that all pictures with one output belong to one shard.
        self.mine = [n for n in inputs if plan.shard.takes(join(key, self._output(n)))]
        self.left_out = 0
        if plan.direction == COMPRESS:
            ours = (n for n in named if names.is_output(Path(n)) and _is_picture(n))
            self.left_out = sum(plan.shard.takes(join(key, n)) for n in ours)

        self._existing_bytes: dict[str, int] = {}
        self._temporary: list[str] = []

    def add_outputs(self, listing: Listing) -> None:
        """Adds the listing of the same folder of the destination."""
        self._existing_bytes = {n: entry.size for n, entry in listing.files.items()}
        self._temporary = [n for n in listing.files if files.is_temporary(n)]

    def task(self, name: str) -> Task:
        """Returns the task of a picture."""
        outputs = self.outputs(name)
        output, sidecar = self._output(name), names.sidecar_of(Path(name)).name
        version = self._found.files[name].version
        if self._plan.direction == COMPRESS or sidecar not in self._found.files:
            sidecar = ""
        else:
            version += "+" + self._found.files[sidecar].version
        return Task(
            join(self.key, name), join(self.key, sidecar) if sidecar else "", version,
            join(self.key, output), bool(self.present(name)),
            any(
                n.startswith(files.temporary_prefix(o)) for o in outputs
                for n in self._temporary
            ),
        )  # fmt: skip

    def present(self, name: str) -> dict[str, int]:
        """Returns the existing outputs of a picture, with their sizes in bytes."""
        found = self._existing_bytes
        return {n: found[n] for n in self.outputs(name) if n in found}

    def problem(self, name: str, index: Index) -> str:
        """Returns why a picture cannot be processed, from its name alone; else ""."""
        if any(part in ("", ".", "..") for part in join(self.key, name).split("/")):
            return "its name leads outside its folder. Rename it"
        if problem := self._found.files[name].problem:
            return f"{problem}. Check its target and its permissions"
        if self._sharing[self._output(name)] > 1:
            return (
                f"another picture of this folder has the same output, "
                f"{self._output(name)}. Rename one, or write each format, chosen by a "
                f"glob, to another DST"
            )
        if self.present(name) and index.belongs_to_other(
            join(self.key, name), self._output(name)
        ):
            output = self._plan.destination.where(join(self.key, self._output(name)))
            return (
                f"{output} is the output of another picture. Rename one, name another "
                f"DST, or remove that output and its sidecar"
            )
        return ""

    def _is_wanted(self, name: str) -> bool:
        pattern = self._plan.pattern
        return not pattern or walking.matches(join(self.key, name).split("/"), pattern)

    def _is_input(self, name: str) -> bool:
        path = Path(name)
        if self._plan.direction == COMPRESS:
            return _is_picture(name) and not names.is_output(path)
        if path.suffix.lower() not in names.JPEGS:
            return False
        if path.stem.lower().endswith((".comrec", ".restored")):
            return path.stem.lower().endswith(".comrec")
        return names.sidecar_of(path).name in self._found.files

    def outputs(self, name: str) -> list[str]:
        """Returns the names of the outputs of a picture."""
        output = self._output(name)
        if self._plan.direction == DECOMPRESS:
            return [output]
        return [output, names.sidecar_of(Path(output)).name]

    def _output(self, name: str) -> str:
        compresses = self._plan.direction == COMPRESS
        make = names.compressed_name if compresses else names.restored_name
        return os.path.normcase(make(Path(name)))


def join(folder: str, name: str) -> str:
    """Returns the key of a file in a folder."""
    return f"{folder}/{name}" if folder else name


def _is_picture(name: str) -> bool:
    return Path(name).suffix.lower() in names.PICTURES
