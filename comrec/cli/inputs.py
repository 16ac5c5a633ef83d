"""Turns the inputs on a command line into jobs, and refuses outputs that collide."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from comrec.errors import OutputError, UsageError
from comrec.format.names import (
    JPEGS,
    PICTURES,
    compressed_name,
    restored_name,
    rivals_of,
    sidecar_of,
)
from comrec.system.batch import Job
from comrec.system.files import file_identity, walk_files

STDIO = "-"


@dataclass(frozen=True)
class Plan:
    """Holds the jobs of a run.

    Attributes:
      jobs: one for each input, in their order.
      left_out: number of files in folders that were left out as outputs of comrec.
    """

    jobs: list[Job]
    left_out: int = 0


class Found(NamedTuple):
    """Holds a file that an input stands for.

    Attributes:
      path: of the file.
      root: folder whose tree is mirrored in the output folder.
      typed: whether the input is the name of the file, not of a folder or a glob.
    """

    path: Path
    root: Path
    typed: bool = False


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
      direction: "compress", "decompress", or "verify", which has no outputs.
      made: returns whether comrec wrote a file; not called for files named themselves.

    Raises:
      UsageError: the inputs and the output exclude each other.
      OutputError: two inputs share an output, or an output is an input.
    """
    if list(inputs) == [STDIO]:
        to_file = Path(output) if output not in (None, STDIO) else None
        return Plan([Job(None, _check_target(to_file, direction))])
    found = [item for text in inputs for item in _expand(text, recursive)]
    left_out: set[Path] = set()
    if direction == "compress":
        pictures = [f for f in found if f.typed or f.path.suffix.lower() in PICTURES]
        left_out = {f.path for f in pictures if not f.typed and made(f.path)}
        found = [f for f in pictures if f.typed or f.path not in left_out]
    else:
        found = [f for f in found if f.typed or _restorable(f.path, made)]
    pairs = list(dict.fromkeys((f.path, f.root) for f in found))
    jobs = _jobs(pairs, inputs, output, direction)
    _check_collisions(jobs, direction)
    return Plan(jobs, len(left_out))


def _jobs(
    found: list[tuple[Path, Path]],
    inputs: Sequence[str],
    output: str | None,
    direction: str,
) -> list[Job]:
    if direction == "verify":
        return [Job(path, None) for path, _ in found]
    if output == STDIO:
        if len(found) != 1:
            raise UsageError(f"stdout takes one picture. Received: {len(found)}")
        return [Job(found[0][0], None)]
    name = compressed_name if direction == "compress" else restored_name
    if output is None:
        return [Job(p, p.with_name(name(p))) for p, _ in found]
    if not _is_folder(output):
        if len(found) == 1 and not os.path.isdir(inputs[0]):
            return [Job(found[0][0], _check_target(Path(output), direction))]
        if Path(output).suffix.lower() in PICTURES:
            raise UsageError(
                f"{output}: one name for {len(found)} pictures. Name a folder, with a "
                f"slash at its end"
            )
    return [Job(p, Path(output) / p.relative_to(r).parent / name(p)) for p, r in found]


def _check_target(target: Path | None, direction: str) -> Path | None:
    """Returns the target; raises UsageError if its suffix is of another direction."""
    if target is None:
        return None
    is_jpeg = target.suffix.lower() in JPEGS
    if direction == "compress" and not is_jpeg:
        raise UsageError(
            f"{target}: compress writes a .jpg. Name one with -o, or a folder with a "
            f"slash at its end"
        )
    if direction == "decompress" and is_jpeg and target.stem.endswith(".comrec"):
        raise UsageError(
            f"{target}: is named like a compressed picture. Name another with -o"
        )
    return target


def _is_folder(output: str) -> bool:
    return output.endswith(("/", os.sep)) or os.path.isdir(output)


def _expand(text: str, recursive: bool) -> list[Found]:
    """Returns the files of an input: itself, those in a folder, or those of a glob."""
    path = Path(text)
    if text == STDIO:
        raise UsageError("'-' must be the only input")
    if os.path.isdir(path):
        if not recursive:
            raise UsageError(f"{text}: a folder. Add -r to read the files in it")
        return [Found(p, path) for p in sorted(walk_files(path))]
    matches = [] if os.path.lexists(path) else glob.glob(text, recursive=True)
    if not matches:  # reading the file fails later, and alone
        return [Found(path, path.parent, typed=True)]
    files = [Path(match) for match in sorted(matches) if os.path.isfile(match)]
    found = [Found(p, p.parent) for p in files]
    for folder in (m for m in sorted(matches) if recursive and os.path.isdir(m)):
        found += _expand(folder, True)
    return found


def _restorable(path: Path, made: Callable[[Path], bool]) -> bool:
    """Returns whether to decompress a file in a folder, intact or damaged."""
    if path.suffix.lower() not in JPEGS or path.stem.lower().endswith(".restored"):
        return False
    if path.stem.lower().endswith(".comrec") or made(path):
        return True
    return os.path.exists(sidecar_of(path)) and not rivals_of(path)


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
                    f"both be written to it. Compress them into different folders "
                    f"with -o"
                )
