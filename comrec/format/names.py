"""Which file names what: outputs, sidecars, and what a run takes as input."""

from __future__ import annotations

import os
from pathlib import Path

from comrec.system.files import file_identity

JPEGS = (".jpg", ".jpeg")
PICTURES = (
    *JPEGS, ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".ppm", ".pgm",
)  # fmt: skip


def sidecar_of(jpeg: Path) -> Path:
    """photo.comrec.jpg and photo.jpg both have photo.comrec.json beside them."""
    return jpeg.with_name(f"{_base(jpeg)}.comrec.json")


def rivals_of(jpeg: Path) -> list[Path]:
    """The other files there with the same sidecar: x.jpeg and x.comrec.jpg of x.jpg."""
    path, start = sidecar_of(jpeg), _base(jpeg).lower()
    if not os.path.lexists(path):
        return []
    names = (n for n in os.listdir(jpeg.parent) if n.lower().startswith(start))
    near = [jpeg.with_name(name) for name in names]
    sharing = [p for p in near if file_identity(sidecar_of(p)) == file_identity(path)]
    return [p for p in sharing if file_identity(p) != file_identity(jpeg)]


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
