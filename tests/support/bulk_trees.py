"""Holds a tree of pictures for tests of `comrec bulk`, and reads its outputs."""

from __future__ import annotations

import json
from pathlib import Path

import fake_pair

from comrec.apps.bulk import command

CODING = ["-p", fake_pair.NAME, "--jpeg-quality", 50, "--scale", 2]
KEYS = ["a.png", "b/c.tif", "b/d/e.png", "b/f.jpg", "g.webp"]


def files(folder: Path) -> dict[str, bytes]:
    """Returns the outputs below a folder, by key."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and command.MANIFEST not in path.parts
    }


def rows(folder: Path) -> list[dict]:
    """Returns the rows of pictures of the manifest below a folder."""
    return [row for row in all_rows(folder) if row["state"] != "left_out"]


def all_rows(folder: Path) -> list[dict]:
    """Returns the rows of the manifest below a folder."""
    found = sorted((folder / command.MANIFEST).glob("*.jsonl"))
    return [
        json.loads(line) for path in found for line in path.read_text().splitlines()
    ]


def memory_files(url: str) -> dict[str, bytes]:
    """Returns the outputs below a URL of memory://, by key."""
    import fsspec

    system = fsspec.filesystem("memory")
    root = url.removeprefix("memory:/")
    return {
        path.removeprefix(f"{root}/"): system.cat_file(path)
        for path in system.find(root)
        if command.MANIFEST not in path
    }


def row_of(key: str, at: float, state: str = "done", version: str = "1") -> dict:
    """Returns a row as a manifest has it."""
    return {
        "input": key, "state": state, "version": version, "options": "o",
        "outputs": {"x": 1} if state == "done" else {}, "at": at,
    }  # fmt: skip
