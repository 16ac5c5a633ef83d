"""Names outputs and sidecars, and recognises names of outputs."""

from __future__ import annotations

import os
from collections.abc import Collection, Container
from importlib.util import find_spec
from pathlib import Path

from comrec.system.files import file_identity

COMPRESS, DECOMPRESS, RESTORE = "compress", "decompress", "restore"
PACK, UNPACK = "pack", "unpack"
JPEGS = (".jpg", ".jpeg")
PACKABLE = (*JPEGS, ".jfif", ".jpe", ".mpo")  # suffixes of JPEGs
PACKED_SUFFIX = ".lep"
HEIC = (".heic", ".heif") if find_spec("pillow_heif") else ()  # with comrec[heic]
PICTURES = (
    *JPEGS, ".jfif", ".jpe", ".mpo", ".png", ".apng", ".webp", ".tif", ".tiff", ".bmp",
    ".dib", ".gif", ".ppm", ".pgm", ".pbm", ".pnm", ".avif", ".jp2", ".j2k", *HEIC,
)  # fmt: skip
SIDECAR_SUFFIX = ".comrec.json"


def is_picture(name: str) -> bool:
    """Tells whether a name has the suffix of a picture that comrec reads."""
    return Path(name).suffix.lower() in PICTURES


def is_packed(name: str) -> bool:
    """Tells whether a name has the suffix of packed JPEGs."""
    return name.lower().endswith(PACKED_SUFFIX)


def packed_name(name: str) -> str:
    """Returns photo.lep for photo.jpg, and photo.JPEG.lep for photo.JPEG.

    No two names give one, and `unpacked_name` returns the name.
    """
    stem = name.removesuffix(".jpg")
    is_short = stem not in (name, "") and not stem.lower().endswith(PACKABLE)
    return f"{stem if is_short else name}{PACKED_SUFFIX}"


def unpacked_name(name: str) -> str:
    """Returns the name of the JPEG of a packed file; other names stay."""
    if not is_packed(name):
        return name
    stem = name[: -len(PACKED_SUFFIX)]
    return stem if stem.lower().endswith(PACKABLE) else f"{stem}.jpg"


def sidecar_of(jpeg: Path) -> Path:
    """Returns photo.comrec.json for photo.comrec.jpg, photo.jpg or photo.lep."""
    return jpeg.with_name(f"{_base(jpeg)}{SIDECAR_SUFFIX}")


def jpegs_of(sidecar: Path) -> list[Path]:
    """Lists the existing files whose sidecar has that name; none for another name."""
    if not sidecar.name.endswith(SIDECAR_SUFFIX):
        return []
    base = sidecar.name.removesuffix(SIDECAR_SUFFIX)
    ends = [f"{middle}{end}" for middle in (".comrec", "") for end in JPEGS]
    return [p for end in ends if (p := sidecar.with_name(base + end)).is_file()]


def rivals_of(jpeg: Path) -> list[Path]:
    """Lists other existing files with the same sidecar, as x.comrec.jpg for x.jpg.

    Packed files count: one needs its sidecar as long as it is there.
    """
    path, start = sidecar_of(jpeg), _base(jpeg).lower()
    if not os.path.lexists(path):
        return []
    names = (n for n in os.listdir(jpeg.parent) if n.lower().startswith(start))
    near = [jpeg.with_name(name) for name in names]
    sharing = [p for p in near if file_identity(sidecar_of(p)) == file_identity(path)]
    return [p for p in sharing if file_identity(p) != file_identity(jpeg)]


def is_output(path: Path) -> bool:
    """Tells whether comrec gives names of this form to its outputs."""
    stem = Path(unpacked_name(path.name)).stem.lower()
    return stem.endswith((".comrec", ".restored"))


def _base(path: Path) -> str:
    path = Path(unpacked_name(path.name))
    stem = path.stem if path.suffix.lower() in JPEGS else path.name
    return stem.removesuffix(".comrec")


def is_packed_copy(name: str, listed: Container[str]) -> bool:
    """Tells whether a packed file stands beside its .jpg, by the names of a folder."""
    return is_packed(name) and unpacked_name(name) in listed


class OutputNames:
    """Names the outputs of one folder's files, by the listing of the folder alone.

    photo.png becomes photo.comrec.jpg. photo.comrec.jpg becomes photo.restored.png, as
    does photo.jpg where ordinary JPEGs are restored.
    Where two files would get one name, both keep their suffix: photo.png.comrec.jpg.
    Case does not count, since many file systems ignore it.

    Args:
      listed: names of all files of the folder.
      direction: COMPRESS, DECOMPRESS or RESTORE.
    """

    def __init__(self, listed: Collection[str], direction: str = COMPRESS) -> None:
        self._compresses, self._restores = direction == COMPRESS, direction == RESTORE
        self._end = ".comrec.jpg" if self._compresses else ".restored.png"
        self._sources: dict[str, list[str]] = {}  # by the name that they would share
        self._all: dict[str, list[str]] = {}
        for name in listed:
            stem = self._stem(name)
            self._all.setdefault(stem, []).append(name)
            if self._is_source(name) and not is_packed_copy(name, listed):
                self._sources.setdefault(stem, []).append(name)
        near = self._sources.values() if self._compresses else ()
        self._whole = {name.casefold(): name for group in near for name in group}

    def output(self, name: str) -> str:
        """Returns the name of a file's output."""
        return self.long(name) if self.is_long(name) else self.short(name)

    def is_long(self, name: str) -> bool:
        """Tells whether a file's output keeps the suffix of the file."""
        return bool(self.rivals(name))

    def rivals(self, name: str) -> list[str]:
        """Lists the other files of the folder that could have a file's short name."""
        # Any file may be named as an input, but only sources count for sources.
        groups = self._sources if self._is_source(name) else self._all
        stem = self._stem(name)
        near = [*groups.get(stem, []), *filter(None, [self._whole.get(stem)])]
        return [other for other in near if other != name]

    def short(self, name: str) -> str:
        """Returns the name of a file's output without the suffix of the file."""
        stem = Path(name).stem if self._compresses else _base(Path(name))
        return f"{stem}{self._end}"

    def long(self, name: str) -> str:
        """Returns the name of a file's output with the suffix of the file."""
        return f"{name}{self._end}"

    def other(self, name: str) -> str:
        """Returns the name of the output while other files were in the folder."""
        return self.short(name) if self.is_long(name) else self.long(name)

    def rivals_of_other(self, name: str) -> list[str]:
        """Lists the files to which an output with the name `other` may belong too."""
        if self.is_long(name):
            return self.rivals(name)
        return [n for n in self._sources.get(name.casefold(), []) if n != name]

    def _stem(self, name: str) -> str:
        return self.short(name).removesuffix(self._end).casefold()

    def _is_source(self, name: str) -> bool:
        if self._compresses:
            return is_picture(name)
        suffix = Path(unpacked_name(name)).suffix.lower()
        return suffix in JPEGS and is_output(Path(name)) != self._restores


class PackedNames(OutputNames):
    """Names packed and unpacked files, whose names differ wherever their inputs' do.

    Args:
      listed: names of all files of the folder.
      direction: PACK or UNPACK.
    """

    def __init__(self, listed: Collection[str], direction: str) -> None:
        super().__init__(())
        self._packs = direction == PACK

    def rivals(self, name: str) -> list[str]:
        return []

    def short(self, name: str) -> str:
        if self._packs:
            return packed_name(name)
        return unpacked_name(name) if is_packed(name) else f"{name}.jpg"

    def long(self, name: str) -> str:
        return self.short(name)


def name_outputs(listed: Collection[str], direction: str) -> OutputNames:
    """Returns the names of outputs in a folder, by its listing and the direction."""
    kind = PackedNames if direction in (PACK, UNPACK) else OutputNames
    return kind(listed, direction)
