"""Files of a picture are read within limits, from folders and from stores."""

from __future__ import annotations

import pytest
from bulk_trees import rows

from comrec.apps.bulk import places, transfer
from comrec.apps.bulk.places import Local, TooLargeError
from comrec.apps.bulk.plan import Task
from comrec.errors import ComrecError, ImageError
from comrec.system import files


def sparse(path, size: int) -> None:
    with open(path, "wb") as file:
        file.truncate(size)


@pytest.mark.usefixtures("here")
def test_a_file_larger_than_any_picture_is_refused_unread(bulk, source, tmp_path):
    sparse(source / "huge.png", files.picture_bytes(1000) + 1)
    bulk("--max-pixels", 1000, status=3)
    (error,) = [
        row["error"] for row in rows(tmp_path / "dst") if row["input"] == "huge.png"
    ]
    assert "huge.png: larger than" in error
    assert "raise `max_pixels`" in error


@pytest.mark.usefixtures("here")
def test_a_sidecar_larger_than_its_jpg_allows_is_refused(bulk, run, source, tmp_path):
    bulk()
    sparse(tmp_path / "dst" / "a.comrec.json", 2**20)
    ran = run("bulk", tmp_path / "dst", tmp_path / "back", "--decompress")
    assert ran.status == 3
    assert "a.comrec.json: larger than" in ran.err


def test_a_file_that_grew_since_its_listing_is_refused(tmp_path):
    sparse(tmp_path / "x.png", files.picture_bytes(1) + 1)
    with pytest.raises(ImageError, match="more than 1 pixels take"):
        transfer.read_picture(Local(tmp_path), Task("x.png", "", "", "", size=1), 1)


def test_a_file_that_has_gone_since_its_listing_is_no_fault_of_the_place(tmp_path):
    with pytest.raises(ComrecError, match="existed when the run began") as caught:
        transfer.read(Local(tmp_path), "x.png", 1, 10)
    assert not isinstance(caught.value, places.PlaceError)


def test_an_object_in_a_store_is_bounded_as_well(memory):
    place = places.open_place(memory)
    place.write("x.png", bytes(100))
    assert place.read("x.png", 100) == bytes(100)
    with pytest.raises(TooLargeError, match=r"x\.png: larger than 99 bytes"):
        place.read("x.png", 99)
    assert place.size("x.png") == 100
