"""Fixtures of the tests of `comrec evaluate`."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from comrec.apps.evaluate import sweep


@pytest.fixture
def folder(tmp_path) -> Path:
    data = pytest.importorskip("skimage.data", reason="needs the dev extra")
    path = tmp_path / "pictures"
    path.mkdir()
    for i in range(3):
        crop = data.astronaut()[i * 90 : i * 90 + 163, 150:330]
        Image.fromarray(crop).save(path / f"{i}.png")
    return path


@pytest.fixture
def here(monkeypatch):
    """Measures in this process."""

    def measure_all(tasks, jobs):
        return map(sweep.measure, tasks)

    monkeypatch.setattr(sweep, "measure_all", measure_all)
