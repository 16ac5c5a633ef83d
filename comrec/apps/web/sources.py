"""Finds the pictures of a gallery in a folder, and names their files."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from comrec.errors import ComrecError
from comrec.format import names, provenance, sorting
from comrec.format.names import COMPRESS, OutputNames
from comrec.system import listing
from comrec.system.listing import Listing, join

PAIRED, OF_GALLERY = "pictures that a pair stands for", "files of the gallery"


@dataclass(frozen=True)
class Sources:
    """Holds the files of a source folder.

    Attributes:
      outputs: by path of each picture, the path of its .jpg below the pictures.
      left_out: reasons by path, of other files.
      unlisted: errors of folders that cannot be listed.
    """

    outputs: dict[Path, Path] = field(default_factory=dict)
    left_out: dict[Path, str] = field(default_factory=dict)
    unlisted: list[tuple[Path, ComrecError]] = field(default_factory=list)


def find(source: Path, gallery: Path, recursive: bool) -> Sources:
    """Finds pictures and pairs, which stand for the pictures of the same name.

    Args:
      source: folder of the pictures.
      gallery: folder of the gallery, which may lie in `source`.
      recursive: whether to include folders below the source.

    Raises:
      ComrecError: the source cannot be listed.
    """
    inside, found = gallery.resolve(), Sources()
    taken: set[str] = set()

    def enters(key: str) -> bool:
        if (source / key).resolve() == inside:
            return False
        if not recursive:
            found.left_out[source / key] = sorting.FOLDERS
        return recursive

    for key, listed in listing.walk(
        lambda key: listing.list_folder(source / key), enters
    ):
        if not isinstance(listed, Listing):
            found.unlisted.append((source / key, listed))
            continue
        chosen, left_out, outputs = _sort(source / key, listed, inside)
        found.left_out.update((source / key / n, why) for n, why in left_out.items())
        for name in chosen:
            output = _number(join(key, _name(name, outputs)), taken)
            found.outputs[source / key / name] = Path(output)
    return found


def _sort(
    folder: Path, listed: Listing, inside: Path
) -> tuple[list[str], dict[str, str], OutputNames]:
    """Returns the pictures of a folder, the reasons for other files, and the names."""

    def is_restored(name: str) -> bool:
        path = folder / name
        return path.suffix.lower() not in names.JPEGS and provenance.is_output(path)

    done = sorting.sort(listed, COMPRESS, is_restored)
    left_out = dict(done.left_out)
    for name in done.inputs:
        if (folder / name).is_symlink() and _lies_in(folder / name, inside):
            left_out[name] = OF_GALLERY
        elif _has_pair(folder / name, done.outputs):
            left_out[name] = PAIRED
    chosen = [name for name in done.inputs if name not in left_out]
    for name in chosen:  # a sidecar is a part of its pair
        left_out.pop(names.sidecar_of(Path(name)).name, None)
    return chosen, left_out, done.outputs


def _lies_in(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder)


def _has_pair(path: Path, outputs: OutputNames) -> bool:
    """Tells whether a pair beside a picture was made from it, by the names."""
    made = [outputs.output(path.name)]
    if not outputs.rivals_of_other(path.name):
        made.append(outputs.other(path.name))
    pairs = (path.with_name(name) for name in made if name != path.name)
    return any(os.path.isfile(pair) and provenance.is_output(pair) for pair in pairs)


def _name(name: str, outputs: OutputNames) -> str:
    """Returns the name of a picture's .jpg; a pair keeps its name."""
    stem = Path(name).stem
    if stem.endswith(".comrec") and Path(name).suffix.lower() in names.JPEGS:
        return f"{stem}.jpg"
    return outputs.output(name)


def _number(output: str, taken: set[str]) -> str:
    """Returns an output with a number if another has its name but for the case.

    File systems of hosts may ignore case.
    """
    base, number, numbered = output.removesuffix(".comrec.jpg"), 2, output
    while numbered.casefold() in taken:
        numbered, number = f"{base}-{number}.comrec.jpg", number + 1
    taken.add(numbered.casefold())
    return numbered
