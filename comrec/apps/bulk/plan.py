"""What is left to do: listings of both places and the manifest, folder by folder."""

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
    """One picture for a worker.

    Attributes:
      key: of the picture, below SRC; of a folder, a slash at its end, that could not
        be listed, or can be again.
      beside: of its sidecar, where there is one to decompress with.
      version: changes whenever the picture does.
      output: key below DST.
      replaces: whether something of that name is there already.
      again: whether somebody was killed over it, and may have left a temporary file.
      problem: why it cannot be done; empty where that is not known.
    """

    key: str
    beside: str
    version: str
    output: str
    replaces: bool = False
    again: bool = False
    problem: str = ""


@dataclass(frozen=True)
class Plan:
    """Which pictures there are, and which of them are to be done.

    Attributes:
      source, destination: the two places.
      pattern: of keys below the source, part by part; empty for all.
      direction: COMPRESS or DECOMPRESS.
      options: fingerprint of what was asked.
      shard: which of the pictures are this run's.
    """

    source: Place
    destination: Place
    pattern: tuple[str, ...] = ()
    direction: str = COMPRESS
    options: str = ""
    shard: Shard = ALL

    def tasks(self, index: Index, tally: Tally) -> Iterator[Task]:
        """What is to be done, or would be if it could; the rest is counted.

        Raises:
          PlaceError: the source's root cannot be listed, or the destination.
        """
        for folder in self._folders():
            if not isinstance(folder, _Folder):
                yield folder
                continue
            itself = f"{folder.key}/"
            if self.shard.takes(itself) and index.has_failed(itself):
                yield Task(itself, "", "", "")  # it can be listed again
            tally.left_out += folder.left_out
            if not folder.mine:
                continue
            folder.meet(self.destination.children(folder.key))
            for name in folder.mine:
                task, present = folder.task(name), folder.present(name)
                if (task.key, task.version, self.options, present) in index:
                    tally.skipped += 1
                    for output in folder.outputs(name) if task.again else ():
                        self.destination.sweep(join(folder.key, output))
                elif problem := folder.problem(name, index):
                    where = self.source.where(task.key)
                    yield task._replace(problem=f"{where}: {problem}")
                else:
                    yield task

    def count(self) -> int:
        """How many pictures are this run's, done or not."""
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
        return walking.may_lead(folder.split("/"), self.pattern)


class _Folder:
    """One folder of the source, as a plan sees it.

    Attributes:
      key: of the folder.
      mine: names of the pictures in it that are this run's.
      left_out: how many pictures have names that comrec gives to its outputs.
    """

    def __init__(self, plan: Plan, key: str, found: Listing) -> None:
        self.key, self._plan, self._found = key, plan, found
        named = [n for n in sorted(found.files) if self._is_wanted(n)]
        inputs = [n for n in named if self._is_input(n)]
        self._sharing = Counter(map(self._output, inputs))
        # By output, so that one shard has all that would be written to it.
        self.mine = [n for n in inputs if plan.shard.takes(join(key, self._output(n)))]
        self.left_out = 0
        if plan.direction == COMPRESS:
            ours = (n for n in named if names.is_output(Path(n)) and _is_picture(n))
            self.left_out = sum(plan.shard.takes(join(key, n)) for n in ours)

        self._there: dict[str, int] = {}
        self._temporary: list[str] = []

    def meet(self, there: Listing) -> None:
        """Takes notice of what is in the destination's folder."""
        self._there = {name: entry.size for name, entry in there.files.items()}
        self._temporary = [n for n in there.files if files.is_temporary(n)]

    def task(self, name: str) -> Task:
        """The work on a picture."""
        outputs = self.outputs(name)
        output, beside = self._output(name), names.sidecar_of(Path(name)).name
        version = self._found.files[name].version
        if self._plan.direction == COMPRESS or beside not in self._found.files:
            beside = ""
        else:
            version += "+" + self._found.files[beside].version
        return Task(
            join(self.key, name), join(self.key, beside) if beside else "", version,
            join(self.key, output), bool(self.present(name)),
            any(
                n.startswith(files.temporary_prefix(o)) for o in outputs
                for n in self._temporary
            ),
        )  # fmt: skip

    def present(self, name: str) -> dict[str, int]:
        """Which of a picture's outputs are there, with their bytes."""
        names = self.outputs(name)
        return {n: self._there[n] for n in names if n in self._there}

    def problem(self, name: str, index: Index) -> str:
        """Why a picture cannot be done, whatever is in it; empty where it can."""
        if any(part in ("", ".", "..") for part in join(self.key, name).split("/")):
            return "its name leads elsewhere in a folder. Give it another"
        if problem := self._found.files[name].problem:
            return f"{problem}. Check where it leads, and its permissions"
        if self._sharing[self._output(name)] > 1:
            return (
                f"another picture of this folder would be written to "
                f"{self._output(name)} as well. Rename one, or take one kind at a time "
                f"by a glob, into different places"
            )
        if self.present(name) and index.is_of_another(
            join(self.key, name), self._output(name)
        ):
            there = self._plan.destination.where(join(self.key, self._output(name)))
            return (
                f"{there} is what another picture came to. Rename one, name another "
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
        """Names of what a picture comes to, in the destination's folder."""
        output = self._output(name)
        if self._plan.direction == DECOMPRESS:
            return [output]
        return [output, names.sidecar_of(Path(output)).name]

    def _output(self, name: str) -> str:
        is_in = self._plan.direction == COMPRESS
        make = names.compressed_name if is_in else names.restored_name
        return os.path.normcase(make(Path(name)))


def join(folder: str, name: str) -> str:
    """The key of a file in a folder."""
    return f"{folder}/{name}" if folder else name


def _is_picture(name: str) -> bool:
    return Path(name).suffix.lower() in names.PICTURES
