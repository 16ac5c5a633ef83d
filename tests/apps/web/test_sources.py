"""The pictures of a gallery: which are found, and how their files are named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from comrec.apps.web import sources
from comrec.errors import ComrecError
from comrec.format import sorting
from comrec.system import listing


@pytest.fixture
def find(tmp_path):
    """Returns a function: makes files; returns names of .jpg files and reasons."""

    def call(*names: str, recursive: bool = True):
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(b"\xff\xd8")
        found = sources.find(tmp_path, tmp_path / "site", recursive)
        return tuple(
            {path.relative_to(tmp_path).as_posix(): str(value)
             for path, value in part.items()}
            for part in (found.outputs, found.left_out)
        )  # fmt: skip

    return call


def test_names_that_clash_keep_their_suffix(find):
    outputs, _ = find("a.png", "a.jpg", "b.png", "d/a.png")
    assert outputs == {
        "a.png": "a.png.comrec.jpg", "a.jpg": "a.jpg.comrec.jpg",
        "b.png": "b.comrec.jpg", "d/a.png": "d/a.comrec.jpg",
    }  # fmt: skip


def test_what_differs_in_case_alone_gets_a_number(find):
    outputs, _ = find("d/a.png", "D/a.png", "E.png", "e.png")
    assert sorted(outputs.values()) == [
        "D/a.comrec.jpg", "E.png.comrec.jpg", "d/a-2.comrec.jpg",
        "e.png-2.comrec.jpg",
    ]  # fmt: skip


@pytest.mark.parametrize("pair", ["a.comrec.jpg", "a.png.comrec.jpg"])
def test_a_pair_stands_for_its_picture_under_either_name(find, pair):
    outputs, left_out = find("a.png", pair)
    assert outputs == {pair: pair}
    assert left_out == {"a.png": sources.PAIRED}


def test_a_pair_of_one_of_two_pictures_hides_neither(find):
    outputs, _ = find("a.png", "a.jpg", "a.comrec.jpg")
    assert set(outputs) == {"a.png", "a.jpg", "a.comrec.jpg"}


def test_what_is_no_picture_is_left_out_by_kind(find, tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    outputs, left_out = find("a.png", "b.heic", "._a.png", "d/c.png", "site/x.jpg",
                             recursive=False)  # fmt: skip
    assert outputs == {"a.png": "a.comrec.jpg"}
    assert left_out == {
        "b.heic": "HEIC files", "._a.png": sorting.MACOS, "d": sorting.FOLDERS,
        "pipe.png": listing.SPECIAL,
    }  # fmt: skip


def test_a_folder_that_cannot_be_listed_is_reported(find, tmp_path, monkeypatch):
    (tmp_path / "shut").mkdir()
    ask = listing.list_folder

    def refuse(path: Path):
        if path.name == "shut":
            raise ComrecError("shut: cannot be listed")
        return ask(path)

    monkeypatch.setattr(listing, "list_folder", refuse)
    find("a.png")
    ((path, _),) = sources.find(tmp_path, tmp_path / "site", True).unlisted
    assert path == tmp_path / "shut"
