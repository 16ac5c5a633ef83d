"""Names outputs and sidecars, and recognises names of outputs."""

from __future__ import annotations

import os
from pathlib import Path

from comrec.system.files import file_identity

JPEGS = (".jpg", ".jpeg")
PICTURES = (
    *JPEGS, ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".ppm", ".pgm",
)  # fmt: skip


def sidecar_of(jpeg: Path) -> Path:
    """Returns photo.comrec.json for photo.comrec.jpg or photo.jpg."""
    return jpeg.with_name(f"{_base(jpeg)}.comrec.json")


def rivals_of(jpeg: Path) -> list[Path]:
    """Lists other existing files with the same sidecar, as x.comrec.jpg for x.jpg."""
    path, start = sidecar_of(jpeg), _base(jpeg).lower()
    if not os.path.lexists(path):
        return []
    names = (n for n in os.listdir(jpeg.parent) if n.lower().startswith(start))
    near = [jpeg.with_name(name) for name in names]
    sharing = [p for p in near if file_identity(sidecar_of(p)) == file_identity(path)]
    return [p for p in sharing if file_identity(p) != file_identity(jpeg)]


def is_output(path: Path) -> bool:
    """Tells whether comrec gives names of this form to its outputs."""
    return path.stem.lower().endswith((".comrec", ".restored"))


def _base(path: Path) -> str:
    stem = path.stem if path.suffix.lower() in JPEGS else path.name
    return stem.removesuffix(".comrec")


def compressed_name(source: Path) -> str:
    """Returns photo.comrec.jpg for photo.png."""
    return f"{source.stem}.comrec.jpg"


def restored_name(source: Path) -> str:
    """Returns photo.restored.png for photo.comrec.jpg or photo.jpg."""
    return f"{_base(source)}.restored.png"
