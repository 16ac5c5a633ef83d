"""Fixtures of the tests of galleries and exports."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from comrec.apps.web import drift


@pytest.fixture(scope="session")
def photo(tmp_path_factory) -> Path:
    """Makes a smooth picture, on which networks save bytes, and a small one."""
    y, x = np.mgrid[:48, :64] / 64
    planes = [0.5 + 0.4 * np.sin(9 * x + 5 * y), y, 1 - x * y]
    path = tmp_path_factory.mktemp("photo") / "photo.png"
    Image.fromarray((255 * np.stack(planes, axis=2)).astype(np.uint8)).save(path)
    return path


@pytest.fixture
def source(photo, tmp_path) -> Path:
    folder = tmp_path / "src"
    folder.mkdir()
    shutil.copy(photo, folder / "photo.png")
    return folder


@pytest.fixture
def out(tmp_path) -> Path:
    return tmp_path / "site"


@pytest.fixture
def quick(monkeypatch):
    """Measures drift on small pictures at one quality."""
    monkeypatch.setattr(drift, "QUALITIES", (20,))
    monkeypatch.setattr(drift, "SIDE_PX", 64)
