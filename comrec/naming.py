"""Which file names what: outputs, sidecars, and what a run takes as input."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from comrec.errors import ImageError, OutputError, UsageError

STDIO = "-"
JPEGS = (".jpg", ".jpeg")
PICTURES = (
    *JPEGS, ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".ppm", ".pgm",
)  # fmt: skip


@dataclass(frozen=True)
class Job:
    """One input and where its result goes; None is stdin or stdout."""

    source: Path | None
    target: Path | None

    @property
    def name(self) -> str:
        return str(self.source) if self.source else "stdin"


def sidecar_of(jpeg: Path) -> Path:
    """photo.comrec.jpg and photo.jpg both have photo.comrec.json beside them."""
    return jpeg.with_name(f"{_base(jpeg)}.comrec.json")


def is_output(path: Path) -> bool:
    """Whether a name is one that comrec gives to its own outputs."""
    return path.stem.lower().endswith((".comrec", ".restored"))


def _base(path: Path) -> str:
    stem = path.stem if path.suffix.lower() in JPEGS else path.name
    return stem.removesuffix(".comrec")


def compressed_name(source: Path) -> str:
    return f"{source.stem}.comrec.jpg"


def restored_name(source: Path) -> str:
    return f"{_base(source)}.restored.png"


def plan(
    inputs: Sequence[str], output: str | None, recursive: bool, direction: str
) -> list[Job]:
    """Turns what was typed into jobs, and refuses what would collide.

    Args:
      inputs: files, folders, globs, or "-" alone.
      output: -o: a file, a folder, "-" for stdout, or None for beside the input.
      recursive: take folders whole, and mirror their tree under `output`.
      direction: "compress" or "decompress".

    Raises:
      UsageError: the request makes no sense.
      ImageError: an input does not exist.
      OutputError: two inputs share an output, or an output is an input.
    """
    if list(inputs) == [STDIO]:
        to_file = Path(output) if output not in (None, STDIO) else None
        return [Job(None, to_file)]
    found = [item for text in inputs for item in _expand(text, recursive, direction)]
    if output == STDIO:
        if len(found) != 1:
            raise UsageError(f"stdout takes one picture. Received: {len(found)}")
        return [Job(found[0][0], None)]
    name = compressed_name if direction == "compress" else restored_name
    one_file = output and len(found) == 1 and not _is_folder(output, inputs[0])
    if one_file:
        jobs = [Job(found[0][0], Path(str(output)))]
    elif output:
        jobs = [
            Job(p, Path(output) / p.relative_to(r).parent / name(p)) for p, r in found
        ]
    else:
        jobs = [Job(p, p.with_name(name(p))) for p, _ in found]
    _check_collisions(jobs, direction)
    return jobs


def _is_folder(output: str, first: str) -> bool:
    return (
        output.endswith(("/", os.sep)) or Path(output).is_dir() or Path(first).is_dir()
    )


def _expand(text: str, recursive: bool, direction: str) -> list[tuple[Path, Path]]:
    """(file, folder its tree is mirrored from) of each input that a word stands for."""
    path = Path(text)
    if text == STDIO:
        raise UsageError("'-' must be the only input")
    if path.is_dir():
        if not recursive:
            raise UsageError(f"{text}: a folder. Add -r to take what is in it")
        return [(p, path) for p in sorted(_walk(path)) if _wanted(p, direction)]
    if path.exists() or path.is_symlink():
        return [(path, path.parent)]
    matches = [Path(match) for match in sorted(glob.glob(text, recursive=True))]
    if not matches:
        raise ImageError(f"{text}: no such file")
    found = [(p, p.parent) for p in matches if p.is_file() and _wanted(p, direction)]
    for folder in (p for p in matches if p.is_dir() and recursive):
        found += _expand(str(folder), True, direction)
    return found


def _walk(folder: Path) -> Iterable[Path]:
    # Links to folders are not followed: they can lead round in a ring, or outside.
    for parent, _, names in os.walk(folder):
        for name in names:
            yield Path(parent) / name


def _wanted(path: Path, direction: str) -> bool:
    """Whether a folder's file is meant, going by names alone."""
    suffix = path.suffix.lower()
    if direction == "compress":
        made = is_output(path) or (suffix in JPEGS and sidecar_of(path).exists())
        return suffix in PICTURES and not made
    made = path.stem.lower().endswith(".comrec") or sidecar_of(path).exists()
    return suffix in JPEGS and made


def _check_collisions(jobs: Iterable[Job], direction: str) -> None:
    jobs = list(jobs)
    sources = {_key(job.source): job.source for job in jobs if job.source}
    taken: dict[str, Path | None] = {}
    for job in jobs:
        if job.target is None:
            continue
        outputs = [job.target]
        if direction == "compress":
            outputs.append(sidecar_of(job.target))
        for path in outputs:
            if _key(path) in sources:
                raise OutputError(
                    f"{path}: is an input as well as the output of {job.source}. "
                    f"Name another output with -o"
                )
            if taken.setdefault(_key(path), job.source) != job.source:
                raise OutputError(
                    f"{path}: {taken[_key(path)]} and {job.source} would both be "
                    f"written to it. Compress them into different folders with -o"
                )


def _key(path: Path) -> str:
    return os.path.normcase(os.path.realpath(path))
