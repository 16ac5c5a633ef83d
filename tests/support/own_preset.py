"""Makes a preset in a folder, as a user has one who trained it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from comrec.networks import presets, weights

NAME = "my-net"


def make(folder: Path, source: str = "comrec-lite-2") -> Path:
    """Makes a folder with the networks of a released preset under the name NAME."""
    row = presets.find(source)
    folder.mkdir()
    for file in row.onnx.values():
        (folder / file.name).write_bytes(weights.read(file))
    own = dataclasses.replace(row, name=NAME, weights={})
    (folder / presets.ROW).write_text(presets.dump_folder(own))
    return folder


def forget(patch: pytest.MonkeyPatch) -> None:
    """Forgets the presets in folders that were found, as a new process does."""
    patch.setattr(presets, "_added", {})
    patch.delenv(presets.VARIABLE, raising=False)
