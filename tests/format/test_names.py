"""Names of outputs and sidecars, and which files share a sidecar."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from comrec.format import names
from comrec.format.names import OutputNames


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A function that makes empty files in the current folder."""
    monkeypatch.chdir(tmp_path)

    def make(*names: str) -> Path:
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
        return tmp_path

    return make


@pytest.mark.parametrize(
    ("jpeg", "sidecar"),
    [
        ("photo.comrec.jpg", "photo.comrec.json"), ("x.jpg", "x.comrec.json"),
        ("x.JPEG", "x.comrec.json"), ("a.b.jpg", "a.b.comrec.json"),
        ("d/x.jpg", "d/x.comrec.json"),
    ],
)  # fmt: skip
def test_a_sidecar_is_named_after_its_jpg(jpeg, sidecar):
    assert names.sidecar_of(Path(jpeg)) == Path(sidecar)


def test_the_rivals_of_a_jpg_are_those_there_that_have_its_sidecar(folder):
    folder("x.jpg", "x.JPG", "x.jpeg", "x.comrec.jpg", "x.comrec.json", "x", "xy.jpg",
           "x.png", "d/x.jpg")  # fmt: skip
    found = set(map(str, names.rivals_of(Path("x.jpg"))))
    assert found == {"x.JPG", "x.jpeg", "x.comrec.jpg", "x"}


def test_another_name_of_the_same_jpg_is_no_rival(folder):
    folder("x.jpg", "x.comrec.json")
    os.link("x.jpg", "x.JPG")  # as a disk that folds case shows it
    assert names.rivals_of(Path("x.jpg")) == []


@pytest.mark.parametrize(
    ("name", "is_output"),
    [
        ("photo.comrec.jpg", True), ("photo.COMREC.jpg", True),
        ("photo.restored.png", True), ("d/a.b.restored.tif", True),
        ("photo.jpg", False), ("comrec.jpg", False), ("photo.comrec", False),
        ("d.comrec/photo.jpg", False), ("restored.png", False),
    ],
)  # fmt: skip
def test_outputs_are_recognised_by_their_names(name, is_output):
    assert names.is_output(Path(name)) == is_output


@pytest.mark.parametrize(
    ("source", "compressed", "restored"),
    [
        ("photo.png", "photo.comrec.jpg", "photo.png.restored.png"),
        ("d/photo.jpg", "photo.comrec.jpg", "photo.restored.png"),
        ("a.b.JPG", "a.b.comrec.jpg", "a.b.restored.png"),
        ("photo.comrec.jpg", "photo.comrec.comrec.jpg", "photo.restored.png"),
    ],
)
def test_an_outputs_name_is_made_of_the_inputs(source, compressed, restored):
    assert OutputNames([], names.COMPRESS).output(Path(source).name) == compressed
    assert OutputNames([], names.DECOMPRESS).output(Path(source).name) == restored


@pytest.mark.parametrize(
    ("listed", "long"),
    [
        (["p.jpg", "p.png", "q.png"], {"p.jpg", "p.png"}),
        (["P.JPG", "p.png"], {"P.JPG", "p.png"}),
        (["p.png", "p.txt", "p.comrec.jpg", "p.comrec.json"], set()),
        (["p.png", "p.png.tif"], {"p.png.tif"}),
        (["p.png", "p.jpg", "p.png.tif"], {"p.png", "p.jpg", "p.png.tif"}),
        (["p.restored.png", "p.png"], set()),
        (["p.png", "p.bin"], {"p.bin"}),
    ],
)
def test_pictures_that_clash_keep_their_suffix_and_no_others(listed, long):
    found = OutputNames(listed)
    sources = [n for n in listed if names.is_picture(n) or n.endswith(".bin")]
    assert {name for name in sources if found.is_long(name)} == long
    made = [found.output(name) for name in sources]
    assert len(set(made)) == len(made)
    for name, output in zip(sources, made, strict=True):
        assert output == (f"{name}.comrec.jpg" if name in long else found.short(name))
        assert {output, found.other(name)} == {found.short(name), found.long(name)}


@pytest.mark.parametrize(
    ("listed", "long"),
    [
        (["x.comrec.jpg", "x.jpg"], {"x.jpg"}),  # the pair, and its original
        (["x.comrec.jpg", "x.png"], set()),
        (["x.comrec.jpg", "x.comrec.jpeg"], {"x.comrec.jpg", "x.comrec.jpeg"}),
        (["x.jpg", "x.jpeg"], {"x.jpg", "x.jpeg"}),
        (["x.jpg.comrec.jpg", "x.png.comrec.jpg", "x.jpg", "x.png"], set()),
    ],
)
def test_restored_pictures_of_clashing_pairs_keep_the_suffix(listed, long):
    found = OutputNames(listed, names.DECOMPRESS)
    pairs = [name for name in listed if name.endswith(("jpg", "jpeg"))]
    assert {name for name in pairs if found.is_long(name)} == long


def test_it_is_known_which_files_may_own_an_output_under_the_other_name():
    found = OutputNames(["p.jpg", "p.png", "q.png", "r.png", "r.png.tif"])
    assert found.rivals_of_other("p.jpg") == ["p.png"]
    assert found.rivals_of_other("q.png") == []
    assert found.rivals_of_other("r.png") == ["r.png.tif"]
    assert found.rivals_of_other("r.png.tif") == ["r.png"]


@pytest.mark.parametrize(
    ("name", "packed"),
    [
        ("x.jpg", "x.lep"), ("x.comrec.jpg", "x.comrec.lep"), ("x.jpeg", "x.jpeg.lep"),
        ("x.JPG", "x.JPG.lep"), ("x.jfif", "x.jfif.lep"), (".jpg", ".jpg.lep"),
        ("x.jpeg.jpg", "x.jpeg.jpg.lep"), ("x.lep.jpg", "x.lep.lep"),
    ],
)  # fmt: skip
def test_packed_files_give_back_the_name(name, packed):
    assert names.packed_name(name) == packed
    assert names.unpacked_name(packed) == name


@pytest.mark.parametrize(
    "name", ["x.comrec.lep", "x.lep", "x.comrec.jpeg.lep", "x.LEP"]
)
def test_a_packed_file_has_the_sidecar_of_its_jpg(name):
    assert names.sidecar_of(Path("a", name)) == Path("a/x.comrec.json")


def test_names_of_packed_files_go_by_those_of_their_jpgs():
    listed = ["x.comrec.lep", "y.comrec.jpg", "y.comrec.lep"]
    found = names.OutputNames(listed, names.DECOMPRESS)
    assert [found.output(name) for name in listed[:2]] == [
        "x.restored.png", "y.restored.png",
    ]  # fmt: skip
    assert names.is_output(Path("x.comrec.jpeg.lep"))
    assert not names.is_output(Path("x.lep"))
