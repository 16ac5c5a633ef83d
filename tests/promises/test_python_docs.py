"""Each example of docs/python.md runs, in a folder with a photo."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pictures
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
EXAMPLES = re.findall(
    r"^```python\n(.*?)^```", (ROOT / "docs/python.md").read_text(), re.M | re.S
)
FRAMEWORKS = ("torch", "tensorflow", "keras")


def framework(code: str) -> str:
    return next(
        (each for each in FRAMEWORKS if re.search(rf"^import {each}\b", code, re.M)), ""
    )


LIGHT = [code for code in EXAMPLES if not framework(code)]
HEAVY = [code for code in EXAMPLES if framework(code)]


@pytest.fixture
def photo(tmp_path, monkeypatch):
    """Enters a folder with a photo; what the opener changes in Pillow is undone."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photo.png").write_bytes(
        pictures.file_of(pictures.photo(64, 96), "PNG")
    )
    Image.init()
    for name in ("OPEN", "SAVE", "MIME"):
        monkeypatch.setattr(Image, name, dict(getattr(Image, name)))
    monkeypatch.setattr(Image, "ID", list(Image.ID))
    return tmp_path


def test_all_kinds_of_examples_are_there():
    assert [framework(code) for code in HEAVY] == ["keras", "torch", "tensorflow"]
    assert len(LIGHT) == 5


@pytest.mark.parametrize("index", range(len(LIGHT)))
def test_an_example_runs(photo, index):
    exec(compile(LIGHT[index], "docs/python.md", "exec"), {})


@pytest.mark.slow
@pytest.mark.parametrize("code", HEAVY, ids=framework)
def test_an_example_with_a_framework_runs(photo, code):
    if not importlib.util.find_spec(framework(code)):
        pytest.skip(f"{framework(code)} is not installed")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    environment.pop("KERAS_BACKEND", None)
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
