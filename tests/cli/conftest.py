"""Fixtures for the tests of the command line."""

from __future__ import annotations

import own_preset
import pictures
import pytest


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Enters an empty folder with photo.png in it, and returns the folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photo.png").write_bytes(pictures.photo_file(".png"))
    return tmp_path


@pytest.fixture
def own(tmp_path_factory, monkeypatch):
    """A preset in a folder that is not known yet."""
    own_preset.forget(monkeypatch)
    return own_preset.make(tmp_path_factory.mktemp("presets") / "trained")
