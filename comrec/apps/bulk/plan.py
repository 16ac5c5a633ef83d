"""Plans the tasks of a run from listings and the manifest, folder by folder."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from comrec.apps.bulk import walking
from comrec.apps.bulk.manifest import ALL, LEFT_OUT, Index, Shard
from comrec.apps.bulk.places import Place
from comrec.apps.bulk.summary import Tally
from comrec.format import names, sorting
from comrec.format.names import COMPRESS, DECOMPRESS, PACK
from comrec.system import files, listing
from comrec.system.listing import Listing, join


class Task(NamedTuple):
    """Describes the work on one picture.

    Attributes:
      key: of the picture, below SRC. A slash at its end marks a folder that could not
        be listed, or that can be listed again.
      sidecar: key of the sidecar file, if one is read; else empty.
      version: a text that changes with the picture.
      output: key below DST.
      replaces: whether a file with the name of an output exists.
      is_retry: whether a killed worker may have left a temporary file.
      problem: why the picture cannot be processed; empty if no reason is known.
      left_out: why the file is no input; empty for an input.
      size, sidecar_size: of the two files, in bytes.
    """

    key: str
    sidecar: str
    version: str
    output: str
    replaces: bool = False
    is_retry: bool = False
    problem: str = ""
    left_out: str = ""
    size: int = 0
    sidecar_size: int = 0


@dataclass(frozen=True)
class Plan:
    """Finds the pictures of a run, and decides which of them to process.

    Attributes:
      source, destination: the two places.
      pattern: of keys below the source, one item for each folder level; empty for all.
      direction: COMPRESS, DECOMPRESS or PACK.
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

        Of files that are left out, those that no earlier run has listed are yielded.

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
            for name, reason in folder.left_out.items():
                task = folder.task_left_out(name, reason)
                state = LEFT_OUT.format(reason)
                if (task.key, task.version, state, {}) in index:
                    tally.left_out[reason] += 1
                else:
                    yield task
            if not folder.mine:
                continue
            folder.add_outputs(self.destination.children(folder.key))
            for name in folder.mine:
                task = folder.task(name)
                if folder.is_done(name, task, self.options, index):
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
        for key, found in listing.walk(self.source.list, self._enters):
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
      left_out: reasons by name, of other files that belong to this run.
    """

    def __init__(self, plan: Plan, key: str, found: Listing) -> None:
        self.key, self._plan, self._found = key, plan, found
        done = sorting.sort(found, plan.direction, is_wanted=self._is_wanted)
        self._names = done.outputs
        self._sharing = Counter(map(self._output, done.inputs))
        # By the short name, so that clashing pictures belong to one shard, and stay in
        # it when another file comes or goes.
        self.mine = [n for n in done.inputs if plan.shard.takes(self._shard_key(n))]
        self.left_out = {
            n: why for n, why in done.left_out.items()
            if plan.shard.takes(join(key, n))
        }  # fmt: skip
        self._existing_bytes: dict[str, int] = {}
        self._temporary: list[str] = []

    def add_outputs(self, listing: Listing) -> None:
        """Adds the listing of the same folder of the destination."""
        self._existing_bytes = {n: entry.size for n, entry in listing.files.items()}
        self._temporary = [n for n in listing.files if files.is_temporary(n)]

    def task(self, name: str) -> Task:
        """Returns the task of a picture."""
        outputs, entry = self.outputs(name), self._found.files[name]
        beside = self._found.files.get(names.sidecar_of(Path(name)).name)
        if self._plan.direction == COMPRESS:
            beside = None
        sidecar = names.sidecar_of(Path(name)).name if beside else ""
        return Task(
            join(self.key, name), join(self.key, sidecar) if sidecar else "",
            f"{entry.version}+{beside.version}" if beside else entry.version,
            join(self.key, self._output(name)), bool(self.present(outputs)),
            any(
                n.startswith(files.temporary_prefix(o)) for o in outputs
                for n in self._temporary
            ),
            size=entry.size, sidecar_size=beside.size if beside else 0,
        )  # fmt: skip

    def task_left_out(self, name: str, reason: str) -> Task:
        """Returns the task that records a file as left out."""
        version = self._found.files[name].version
        return Task(join(self.key, name), "", version, "", left_out=reason)

    def is_done(self, name: str, task: Task, options: str, index: Index) -> bool:
        """Tells whether an earlier run made a picture's outputs, under either name."""
        other = os.path.normcase(self._names.other(name))
        chosen = [self.outputs(name), self._with_sidecar(other)]
        if self._plan.direction == PACK:  # the sidecar may be of another file
            chosen.append([self._output(name)])
        return any(
            (task.key, task.version, options, self.present(outputs)) in index
            for outputs in chosen
        )

    def present(self, outputs: list[str]) -> dict[str, int]:
        """Returns the outputs that exist, with their sizes in bytes."""
        found = self._existing_bytes
        return {n: found[n] for n in outputs if n in found}

    def problem(self, name: str, index: Index) -> str:
        """Returns why a picture cannot be processed, from its name alone; else ""."""
        key = join(self.key, name)
        if any(part in ("", ".", "..") for part in key.split("/")):
            return "its name has an empty part, or leads outside its folder. Rename it"
        if problem := self._found.files[name].problem:
            return f"{problem}. Check its target and its permissions"
        if self._sharing[self._output(name)] > 1:
            return (
                f"another picture of this folder has the same output, "
                f"{self._output(name)}. Rename one"
            )
        if self.present(self.outputs(name)) and index.belongs_to_other(
            key, self._output(name)
        ):
            output = self._plan.destination.where(join(self.key, self._output(name)))
            return (
                f"{output} is the output of another picture. Rename one, name another "
                f"DST, or remove that output and its sidecar"
            )
        return ""

    def outputs(self, name: str) -> list[str]:
        """Returns the names of the outputs of a picture."""
        return self._with_sidecar(self._output(name))

    def _is_wanted(self, name: str) -> bool:
        pattern = self._plan.pattern
        return not pattern or walking.matches(join(self.key, name).split("/"), pattern)

    def _with_sidecar(self, output: str) -> list[str]:
        if self._plan.direction == DECOMPRESS:
            return [output]
        return [output, names.sidecar_of(Path(output)).name]

    def _output(self, name: str) -> str:
        return os.path.normcase(self._names.output(name))

    def _shard_key(self, name: str) -> str:
        return join(self.key, os.path.normcase(self._names.short(name)))
