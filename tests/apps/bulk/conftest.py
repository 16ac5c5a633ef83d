"""Fixtures of the tests of `comrec bulk`."""

from __future__ import annotations

import os
import time

import fake_pair
import pictures
import pytest
from bulk_trees import CODING, KEYS

from comrec.apps.bulk import command
from comrec.apps.bulk.runners import InProcess


@pytest.fixture
def here(monkeypatch):
    """Makes networks cost nothing, and processes all pictures in this process."""
    monkeypatch.setattr(command, "Pool", lambda _: InProcess())
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setattr(os, "fsync", lambda _: None)
    with fake_pair.installed():
        yield


@pytest.fixture
def source(tmp_path):
    """Makes a tree with pictures of several formats, and a file of another format."""
    folder = tmp_path / "src"
    for key in KEYS:
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pictures.photo_file(path.suffix))
    clear = pictures.with_alpha(pictures.photo())
    (folder / "a.png").write_bytes(pictures.file_of(clear, "PNG"))
    (folder / "b" / "notes.txt").write_text("no picture")
    return folder


@pytest.fixture
def bulk(run, source, tmp_path):
    """Returns a function: `comrec bulk` from the tree to tmp_path/dst, its summary."""

    def call(*arguments: object, status: int = 0, to: object = tmp_path / "dst"):
        ran = run("bulk", source, to, *CODING, "--json", *arguments)
        assert ran.status == status, ran
        return ran.rows[0]

    return call


@pytest.fixture
def memory():
    """Yields a URL of memory://, which is empty afterwards."""
    fsspec = pytest.importorskip("fsspec", reason="needs the bulk extra")
    system = fsspec.filesystem("memory")
    yield "memory://test"
    system.store.clear()
    system.pseudo_dirs[:] = [""]
