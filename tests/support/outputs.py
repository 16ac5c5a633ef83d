"""Reads the outputs of commands."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image


def names_in(folder: Path) -> set[str]:
    """Returns the paths of all files in a folder, relative to it."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix() for path in found}


def pixels_of(data: bytes) -> np.ndarray:
    """Decodes a picture file by Pillow."""
    return np.asarray(Image.open(io.BytesIO(data)))
