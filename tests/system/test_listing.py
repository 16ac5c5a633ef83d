"""Listing a folder shows every entry, and why some cannot be read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from comrec.errors import ComrecError
from comrec.system import listing
from comrec.system.listing import LINKED_FOLDER, SPECIAL


@pytest.fixture
def tree(tmp_path) -> Path:
    for name in ("a.png", "deep/er/b.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"12")
    (tmp_path / "round").symlink_to(tmp_path)
    (tmp_path / "link.png").symlink_to("a.png")
    (tmp_path / "lost.png").symlink_to(tmp_path / "none")
    (tmp_path / "device.png").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe.png")
    return tmp_path


def test_every_entry_is_listed_with_what_it_is(tree):
    found = listing.list_folder(tree)
    assert found.folders == ["deep"]
    kinds = {name: entry.kind for name, entry in found.files.items()}
    assert kinds == {
        "a.png": "", "link.png": "", "lost.png": "", "pipe.png": SPECIAL,
        "device.png": SPECIAL, "round": LINKED_FOLDER,
    }  # fmt: skip
    assert found.files["link.png"].size == 2
    assert "No such file" in found.files["lost.png"].problem
    assert found.files["a.png"].problem == ""


def test_a_version_changes_with_the_file(tree):
    before = listing.scan(tree).files["a.png"].version
    os.utime(tree / "a.png", ns=(0, 0))
    assert listing.scan(tree).files["a.png"].version != before


def test_a_tree_is_walked_in_order_and_a_folder_that_is_shut_is_an_error(tree):
    def list_one(key: str) -> listing.Listing:
        if key == "deep/er":
            raise ComrecError("shut")
        return listing.list_folder(tree / key)

    found = dict(listing.walk(list_one))
    assert list(found) == ["", "deep", "deep/er"]
    assert str(found["deep/er"]) == "shut"
    assert list(dict(listing.walk(list_one, lambda key: key != "deep"))) == [""]


def test_a_root_that_cannot_be_listed_is_an_error(tmp_path):
    with pytest.raises(ComrecError, match=r"none: cannot be listed \(No such file"):
        list(listing.walk(lambda key: listing.list_folder(tmp_path / "none" / key)))
