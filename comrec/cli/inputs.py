"""Turns the inputs on a command line into jobs, and refuses outputs that collide."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from comrec.errors import ComrecError, ImageError, OutputError, UsageError
from comrec.format import names, sorting
from comrec.format.names import (
    COMPRESS,
    JPEGS,
    PICTURES,
    RESTORE,
    OutputNames,
    jpegs_of,
    sidecar_of,
)
from comrec.system import listing
from comrec.system.batch import Job
from comrec.system.files import file_identity
from comrec.system.listing import Listing

STDIO = "-"
VERIFY = "verify"


@dataclass(frozen=True)
class Plan:
    """Holds the jobs of a run, and what the run leaves out.

    Attributes:
      jobs: one for each input, in their order.
      left_out: reasons by path, of entries of folders and of outputs of comrec.
      unlisted: errors of folders below the inputs that cannot be listed.
    """

    jobs: list[Job]
    left_out: dict[Path, str] = field(default_factory=dict)
    unlisted: list[tuple[Path, ComrecError]] = field(default_factory=list)


def plan(
    inputs: Sequence[str],
    output: str | None,
    recursive: bool,
    direction: str,
    made: Callable[[Path], bool],
) -> Plan:
    """Turns inputs into jobs, and refuses outputs that collide.

    Args:
      inputs: files, folders, globs, or "-" alone.
      output: a file, a folder, or "-" for stdout; None writes beside the input.
      recursive: read whole folders, and mirror their tree under `output`.
      direction: "compress", "decompress", "restore", "pack", "unpack", or "verify",
        which has no
        outputs.
      made: returns whether comrec wrote a file.

    Raises:
      UsageError: the inputs and the output exclude each other.
      ImageError: the inputs are nothing but outputs of comrec.
      OutputError: two inputs share an output, or an output is an input.
    """
    if list(inputs) == [STDIO]:
        to_file = Path(output) if output not in (None, STDIO) else None
        return Plan([Job(None, _check_target(to_file, direction))])
    found = _Found(direction, made)
    for text in inputs:
        found.add(text, recursive)
    pairs = found.choose()
    if not pairs and len(inputs) == len(found.typed_outputs) > 0:
        raise ImageError(
            f"{inputs[0]}: made by comrec already. Name the picture that it was made "
            f"from, or decompress it first"
        )
    jobs = [found.complete(job) for job in _jobs(pairs, inputs, output, found)]
    _check_collisions(jobs, direction)
    return Plan(jobs, found.left_out, found.unlisted)


class _Found:
    """Collects the files that inputs stand for.

    Attributes:
      direction: as of `plan`.
      left_out, unlisted: as of `Plan`.
      typed_outputs: files named themselves that are outputs of comrec.
    """

    def __init__(self, direction: str, made: Callable[[Path], bool]) -> None:
        self.direction, self._made = direction, made
        self.left_out: dict[Path, str] = {}
        self.unlisted: list[tuple[Path, ComrecError]] = []
        self.typed_outputs: set[Path] = set()
        self._pairs: dict[tuple[Path, Path], None] = {}
        self._names: dict[Path, OutputNames] = {}

    def add(self, text: str, recursive: bool) -> None:
        """Adds the files of an input: itself, those in a folder, or those of a glob."""
        path = Path(text)
        if text == STDIO:
            raise UsageError("'-' must be the only input")
        if os.path.isdir(path):
            if not recursive:
                raise UsageError(f"{text}: a folder. Add -r to read the files in it")
            self._add_tree(path)
            return
        path = self._jpeg_of(path)
        matches = [] if os.path.lexists(path) else glob.glob(text, recursive=True)
        if not matches:  # reading the file fails later, and alone
            if self.direction in (COMPRESS, RESTORE) and self._made(path):
                self.typed_outputs.add(path)
            self._pairs[path, path.parent] = None
        self._add_matches(list(map(Path, sorted(matches))), recursive)

    def _jpeg_of(self, path: Path) -> Path:
        """Returns the .jpg in place of its sidecar; any other path as it is."""
        if self.direction in (COMPRESS, RESTORE):
            return path
        near = jpegs_of(path)
        return next(filter(self._made, near), near[0] if near else path)

    def choose(self) -> list[tuple[Path, Path]]:
        """Returns each file to process with the folder whose tree is mirrored.

        Outputs of comrec and pipes that are named beside other files are left out: a
        shell has expanded a glob.
        """
        excluded = dict.fromkeys(self.typed_outputs, sorting.OUTPUTS)
        if len(self._pairs) > 1:
            pipes = (path for path, _ in self._pairs if _is_named_pipe(path))
            excluded |= dict.fromkeys(pipes, listing.SPECIAL)
        kept = [pair for pair in self._pairs if pair[0] not in excluded]
        for path, _ in kept:  # named itself, and in a folder that leaves it out
            self.left_out.pop(path, None)
        self.left_out |= excluded
        return kept

    def names(self, folder: Path) -> OutputNames:
        """Returns the names of outputs in a folder, by its listing."""
        if folder not in self._names:
            try:
                listed = listing.scan(folder).files
            except OSError:  # a folder may be entered and not listed
                listed = {}
            self._names[folder] = names.name_outputs(listed, self.direction)
        return self._names[folder]

    def complete(self, job: Job) -> Job:
        """Adds the other name of the output to a job whose output comrec names."""
        if job.source is None or job.target is None:
            return job
        names, name = self.names(job.source.parent), job.source.name
        if job.target.name != names.output(name):
            return job
        rivals = tuple(map(job.source.with_name, names.rivals_of_other(name)))
        other = job.target.with_name(names.other(name))
        return Job(job.source, job.target, other, rivals)

    def _add_matches(self, matches: list[Path], recursive: bool) -> None:
        near: dict[Path, set[str]] = {}
        for path in (path for path in matches if not os.path.isdir(path)):
            near.setdefault(path.parent, set()).add(path.name)
        for folder, wanted in near.items():
            self._add_folder(
                listing.list_folder(folder), folder, folder, wanted.__contains__
            )
        for path in (path for path in matches if os.path.isdir(path)):
            if recursive:
                self._add_tree(path)
            else:
                self.left_out[path] = sorting.FOLDERS

    def _add_tree(self, root: Path) -> None:
        for key, found in listing.walk(lambda key: listing.list_folder(root / key)):
            if isinstance(found, Listing):
                self._add_folder(found, root / key, root)
            else:
                self.unlisted.append((root / key, found))

    def _add_folder(
        self,
        found: Listing,
        folder: Path,
        root: Path,
        is_wanted: Callable[[str], bool] = lambda _: True,
    ) -> None:
        done = sorting.sort(
            found, self.direction, lambda name: self._made(folder / name), is_wanted
        )
        self._names[folder] = done.outputs
        self._pairs |= dict.fromkeys((folder / name, root) for name in done.inputs)
        self.left_out |= {folder / n: why for n, why in done.left_out.items()}


def _is_named_pipe(path: Path) -> bool:
    """Tells whether a file of a folder is a pipe; those of a shell lie in /dev/fd."""
    try:
        is_pipe = path.is_fifo()
    except OSError:  # the name is too long, for instance: reading says so
        return False
    return is_pipe and not os.path.abspath(path).startswith(("/dev/", "/proc/"))


def _jobs(
    found: list[tuple[Path, Path]],
    inputs: Sequence[str],
    output: str | None,
    gathered: _Found,
) -> list[Job]:
    direction = gathered.direction
    if direction == VERIFY:
        return [Job(path, None) for path, _ in found]
    if output == STDIO:
        if len(found) != 1:
            raise UsageError(f"stdout takes one picture. Received: {len(found)}")
        return [Job(found[0][0], None)]

    def name(path: Path) -> str:
        return gathered.names(path.parent).output(path.name)

    if output is None:
        return [Job(p, p.with_name(name(p))) for p, _ in found]
    if not _is_folder(output):
        if len(found) == 1 and not os.path.isdir(inputs[0]):
            return [Job(found[0][0], _check_target(Path(output), direction))]
        if Path(output).suffix.lower() in (*PICTURES, names.PACKED_SUFFIX):
            raise UsageError(
                f"{output}: one name for {len(found)} pictures. Name a folder, with a "
                f"slash at its end"
            )
    return [Job(p, Path(output) / p.relative_to(r).parent / name(p)) for p, r in found]


def _check_target(target: Path | None, direction: str) -> Path | None:
    """Returns the target; raises UsageError if its suffix is of another direction."""
    if target is None:
        return None
    suffix = target.suffix.lower()
    if direction == names.PACK and suffix != names.PACKED_SUFFIX:
        raise UsageError(
            f"{target}: pack writes a .lep. Name one with -o, or a folder with a "
            f"slash at its end"
        )
    if direction == names.UNPACK and suffix not in names.PACKABLE:
        raise UsageError(
            f"{target}: unpack writes a .jpg. Name one with -o, or a folder with a "
            f"slash at its end"
        )
    is_jpeg = suffix in JPEGS
    if direction == "compress" and not is_jpeg:
        raise UsageError(
            f"{target}: compress writes a .jpg. Name one with -o, or a folder with a "
            f"slash at its end"
        )
    if direction != COMPRESS and is_jpeg and target.stem.endswith(".comrec"):
        raise UsageError(
            f"{target}: is named like a compressed picture. Name another with -o"
        )
    return target


def _is_folder(output: str) -> bool:
    return output.endswith(("/", os.sep)) or os.path.isdir(output)


def _check_collisions(jobs: Iterable[Job], direction: str) -> None:
    jobs = list(jobs)
    sources = {file_identity(job.source): job.source for job in jobs if job.source}
    taken: dict[object, Path | None] = {}
    for job in jobs:
        if job.target is None:
            continue
        outputs = [job.target]
        if direction == "compress":
            outputs.append(sidecar_of(job.target))
        for path in outputs:
            if file_identity(path) in sources:
                raise OutputError(
                    f"{path}: is an input as well as the output of {job.source}. "
                    f"Name another output with -o"
                )
            if taken.setdefault(file_identity(path), job.source) != job.source:
                raise OutputError(
                    f"{path}: {taken[file_identity(path)]} and {job.source} would "
                    f"both be written to it. Write them to different folders "
                    f"with -o"
                )
