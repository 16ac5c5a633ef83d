"""Which file names what: outputs, sidecars, and what a run takes as input."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from comrec.errors import OutputError, UsageError

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


def twin_of(jpeg: Path) -> Path:
    """The other .jpg that has the same sidecar: photo.jpg of photo.comrec.jpg."""
    inner = "" if jpeg.stem.endswith(".comrec") else ".comrec"
    return jpeg.with_name(f"{_base(jpeg)}{inner}.jpg")


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
      direction: "compress", "decompress", or "verify", which has no outputs.

    Raises:
      UsageError: the request makes no sense.
      OutputError: two inputs share an output, or an output is an input.
    """
    if list(inputs) == [STDIO]:
        to_file = Path(output) if output not in (None, STDIO) else None
        return [Job(None, _as_jpeg(to_file) if direction == "compress" else to_file)]
    found = [item for text in inputs for item in _expand(text, recursive, direction)]
    found = list(dict.fromkeys(found))
    if direction == "verify":
        return [Job(path, None) for path, _ in found]
    if output == STDIO:
        if len(found) != 1:
            raise UsageError(f"stdout takes one picture. Received: {len(found)}")
        return [Job(found[0][0], None)]
    name = compressed_name if direction == "compress" else restored_name
    one_file = output and len(found) == 1 and not _is_folder(output, inputs[0])
    if one_file:
        target = Path(str(output))
        jobs = [
            Job(found[0][0], _as_jpeg(target) if direction == "compress" else target)
        ]
    elif output:
        jobs = [
            Job(p, Path(output) / p.relative_to(r).parent / name(p)) for p, r in found
        ]
    else:
        jobs = [Job(p, p.with_name(name(p))) for p, _ in found]
    _check_collisions(jobs, direction)
    return jobs


def _as_jpeg(target: Path | None) -> Path | None:
    """The same, if its name says what will be in it."""
    if target is not None and target.suffix.lower() not in JPEGS:
        raise UsageError(
            f"{target}: compress writes a .jpg. Name one with -o, or a folder with a "
            f"slash at its end"
        )
    return target


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
    if not matches:  # not a reason to leave the other inputs: reading it will fail
        return [(path, path.parent)]
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
    # photo.jpg has a sidecar, unless that is photo.comrec.jpg's.
    paired = sidecar_of(path).exists() and not twin_of(path).exists()
    if direction == "compress":
        made = is_output(path) or (suffix in JPEGS and paired)
        return suffix in PICTURES and not made
    return suffix in JPEGS and (path.stem.lower().endswith(".comrec") or paired)


def _check_collisions(jobs: Iterable[Job], direction: str) -> None:
    jobs = list(jobs)
    sources = {_key(job.source): job.source for job in jobs if job.source}
    taken: dict[object, Path | None] = {}
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


def _key(path: Path) -> object:
    """The same for any two names of one file, whatever the file system folds."""
    try:
        found = path.stat()
        return found.st_dev, found.st_ino
    except OSError:
        return os.path.normcase(os.path.realpath(path))
