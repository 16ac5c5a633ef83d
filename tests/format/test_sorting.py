"""Every entry of a folder is an input, a part of one, or left out with a reason."""

from __future__ import annotations

import pytest

from comrec.format import sorting
from comrec.format.names import COMPRESS, DECOMPRESS, PACK, RESTORE, UNPACK
from comrec.system.listing import LINKED_FOLDER, SPECIAL, Entry, Listing

FOLDER = {
    "a.png": "", "b.jfif": "", "c.jpe": "", "d.pnm": "", "E.JPG": "",
    "._a.png": sorting.MACOS,
    "a.comrec.jpg": sorting.OUTPUTS, "a.restored.png": sorting.OUTPUTS,
    "a.comrec.json": sorting.SIDECARS,
    ".a.comrec.jpg.0123abcd.comrec.tmp": sorting.TEMPORARY,
    "f.heic": "HEIC files", "g.CR3": "camera raw files", "h.jxl": "JPEG XL files",
    "i.svg": "SVG files", "j.mov": "video files", "k.psd": "other picture files",
    "notes.txt": sorting.NO_PICTURES, "README": sorting.NO_PICTURES,
}  # fmt: skip


def listing(*names: str, **kinds: str) -> Listing:
    found = Listing({name: Entry(1, "1") for name in names}, [])
    for name, kind in kinds.items():
        found.files[f"{name}.png"] = Entry(0, "", kind=kind)
    return found


def test_each_entry_is_an_input_or_has_its_reason():
    found = sorting.sort(listing(*FOLDER, x=SPECIAL, y=LINKED_FOLDER), COMPRESS)
    assert found.inputs == sorted(n for n, why in FOLDER.items() if not why)
    want = {n: why for n, why in FOLDER.items() if why}
    assert found.left_out == want | {"x.png": SPECIAL, "y.png": LINKED_FOLDER}
    assert found.parts == set()


def test_pairs_are_inputs_with_their_sidecars_as_parts():
    names = "a.comrec.jpg a.comrec.json a.png b.jpg b.comrec.json c.jpg"
    names = f"{names} lost.comrec.json a.restored.png ._a.comrec.jpg".split()
    found = sorting.sort(listing(*names), DECOMPRESS)
    assert found.inputs == ["a.comrec.jpg", "b.jpg"]
    assert found.parts == {"a.comrec.json", "b.comrec.json"}
    assert found.left_out == {
        "a.png": sorting.NO_PAIRS, "c.jpg": sorting.NO_PAIRS,
        "lost.comrec.json": sorting.SIDECARS, "a.restored.png": sorting.OUTPUTS,
        "._a.comrec.jpg": sorting.MACOS,
    }  # fmt: skip


@pytest.mark.parametrize("direction", [RESTORE, PACK])
def test_jpegs_of_every_suffix_are_inputs_where_jpegs_are(direction):
    jpegs = ["b.jfif", "c.jpe", "d.JPEG", "e.mpo"]
    found = sorting.sort(listing("a.png", *jpegs), direction)
    assert found.inputs == jpegs


@pytest.mark.parametrize("direction", [COMPRESS, DECOMPRESS, RESTORE, PACK, UNPACK])
def test_nothing_that_is_wanted_is_dropped(direction):
    found = listing(*FOLDER, "b.jpg", "b.lep", "b.comrec.json", x=SPECIAL)
    done = sorting.sort(found, direction)
    assert {*done.inputs, *done.left_out, *done.parts} == set(found.files)
    assert len(done.inputs) + len(done.left_out) + len(done.parts) == len(found.files)
    some = sorting.sort(found, direction, is_wanted=lambda name: name.startswith("a"))
    assert {*some.inputs, *some.left_out, *some.parts} == {
        name for name in found.files if name.startswith("a")
    }


def test_the_content_decides_where_it_can_be_read():
    found = sorting.sort(listing("a.restored.png", "b.png"), COMPRESS, "b.png".__eq__)
    assert (found.inputs, found.left_out) == (
        ["a.restored.png"], {"b.png": sorting.OUTPUTS},
    )  # fmt: skip


def test_reasons_are_counted_in_one_line():
    line = sorting.count({"no pictures": 1, "HEIC files": 1200})
    assert line == "1,201 left out: HEIC files (1,200), no pictures (1)"


PACKED = "a.comrec.lep a.comrec.json b.lep c.jpg c.lep d.lep d.comrec.jpg d.comrec.json"


def test_packed_pairs_are_inputs_and_copies_of_a_jpg_are_not():
    found = sorting.sort(listing(*PACKED.split()), DECOMPRESS)
    assert found.inputs == ["a.comrec.lep", "d.comrec.jpg"]
    assert found.parts == {"a.comrec.json", "d.comrec.json"}
    assert found.left_out == {
        "b.lep": sorting.NO_PAIRS, "c.jpg": sorting.NO_PAIRS,
        "c.lep": sorting.COPIES, "d.lep": sorting.NO_PAIRS,
    }  # fmt: skip


def test_jpegs_are_packed_and_packed_files_are_unpacked():
    given = listing("a.comrec.jpg", "a.comrec.json", "b.JPG", "c.png", "d.lep", "e.txt")
    packing, unpacking = (sorting.sort(given, way) for way in (PACK, UNPACK))
    assert (packing.inputs, unpacking.inputs) == (["a.comrec.jpg", "b.JPG"], ["d.lep"])
    assert packing.parts == {"a.comrec.json"}
    assert packing.left_out == {
        "c.png": sorting.NO_JPEGS, "d.lep": "packed picture files",
        "e.txt": sorting.NO_PICTURES,
    }  # fmt: skip
    assert unpacking.left_out["c.png"] == sorting.NO_PACKED
    assert unpacking.left_out["a.comrec.json"] == sorting.SIDECARS
