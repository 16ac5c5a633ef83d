"""Existing files in place of outputs are replaced, skipped or refused, never lost."""

from __future__ import annotations

import numpy as np
import pictures
import pytest

import comrec
from comrec.jpeg import segments

USED = ("--jpeg-quality", 50)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Enters a folder with photo.png and other.png, and returns the folder."""
    monkeypatch.chdir(tmp_path)
    photo = pictures.photo()
    (tmp_path / "photo.png").write_bytes(pictures.file_of(photo, "PNG"))
    (tmp_path / "other.png").write_bytes(pictures.file_of(photo[::-1].copy(), "PNG"))
    return tmp_path


@pytest.mark.parametrize("name", ["x.jpeg", "x.JPG", "x.comrec.jpeg", "x.comrec.jpg"])
@pytest.mark.parametrize("options", [("--skip-existing",), ("--embed", "-f"), ()])
def test_no_option_takes_the_sidecar_of_another_pair(
    run, refused, folder, name, options
):
    assert run("compress", "photo.png", "-o", "x.jpg", *USED).status == 0
    refused("compress", "other.png", "-o", name, *USED, *options, names="x.comrec.json")


def test_skip_existing_does_not_accept_a_sidecar_that_does_not_fit(
    run, refused, folder
):
    assert run("compress", "photo.png", "other.png", *USED).status == 0
    (folder / "photo.comrec.json").write_bytes(
        (folder / "other.comrec.json").read_bytes()
    )
    words = ("compress", "photo.png", *USED)
    refused(*words, "--skip-existing", names="photo.comrec.jpg")
    assert run(*words, "-f").status == 0
    assert run("decompress", "photo.comrec.jpg").status == 0


def test_skip_existing_spares_a_picture_that_was_edited(run, refused, folder):
    assert run("compress", "photo.png", *USED).status == 0
    edited = pictures.file_of(pictures.photo() // 2, "JPEG")
    (folder / "photo.comrec.jpg").write_bytes(edited)
    words = ("compress", "photo.png", *USED)
    refused(*words, "--skip-existing", names="photo.comrec.jpg")


@pytest.mark.parametrize(
    "name", ["scan.restored.tif", "scan.restored.webp", "mine.jpg", "mine.tif"]
)
def test_force_goes_by_content_and_not_by_name(refused, pair, tmp_path, name):
    theirs = tmp_path / name
    theirs.write_bytes(pictures.photo_file(theirs.suffix))
    line = refused("decompress", pair[0], "-o", theirs, "-f", names=theirs)
    assert "nothing in it shows that comrec made it" in line


def test_force_spares_notes_that_are_named_like_a_sidecar(refused, pair, tmp_path):
    pair[0].unlink()
    pair[1].write_text('{"notes": "mine"}')
    refused("compress", tmp_path / "photo.png", "-f", *USED, names=pair[1])


@pytest.mark.parametrize("name", ["r.png", "r.tif", "r.jpg"])
def test_force_knows_a_restored_picture_under_any_name(run, pair, tmp_path, name):
    words = ("decompress", pair[0], "-o", tmp_path / name)
    assert run(*words).status == 0
    assert run(*words).status == 1
    assert run(*words, "-f").status == 0


def test_force_knows_an_embedded_jpg_and_a_stripped_one(run, folder):
    for embed in (["--embed"], []):
        words = ("compress", "photo.png", "-o", "x.jpg", *USED, *embed, "-f")
        assert run(*words).status == 0
        assert run(*words).status == 0
    stripped = segments.without_metadata((folder / "x.jpg").read_bytes())
    (folder / "x.jpg").write_bytes(stripped)
    assert run(*words).status == 0


def test_dry_run_treats_existing_outputs_as_a_run_does(run, refused, folder):
    words = ("compress", "photo.png", *USED)
    assert run(*words).status == 0
    skipped = run(*words, "--skip-existing", "--json").rows
    assert run(*words, "--skip-existing", "--json", "--dry-run").rows == skipped
    refused(*words, "--dry-run", names="photo.comrec.jpg")
    assert run(*words, "--dry-run", "-f").status == 0


def test_originals_in_a_folder_are_compressed_and_outputs_are_counted(run, folder):
    for name in ("k.jpg", "old.restored.png"):
        (folder / name).write_bytes(pictures.photo_file(name[-4:]))
    (folder / "k.comrec.json").write_bytes(
        comrec.compress("k.jpg", jpeg_quality=50).sidecar
    )
    for name in ("x.jpg", "e.jpg"):
        embed = ["--embed"] if name == "e.jpg" else []
        assert run("compress", "photo.png", "-o", name, *USED, *embed).status == 0
    assert run("decompress", "x.jpg", "-o", "x.restored.tif").status == 0
    ran = run("compress", "-r", ".", "-o", "out", *USED, "--json")
    inputs = {"k.jpg", "old.restored.png", "photo.png", "other.png"}
    assert {row["input"] for row in ran.rows} == inputs
    assert (
        ran.err == "comrec: 5 left out: outputs of comrec (3), sidecars of comrec (2)\n"
    )
    back = run("decompress", "-r", ".", "-o", "back", "--json")
    taken = {row["input"] for row in back.rows if row["outcome"] != "failed"}
    assert {"x.jpg", "e.jpg", "out/photo.comrec.jpg"} <= taken


def test_a_pair_beside_a_folders_worth_of_names_is_found_by_its_own(run, folder):
    for name in ("photo", "photo.comrec", "photographs.jpg", "photo.png.jpg"):
        (folder / name).write_bytes(pictures.photo_file(".jpg"))
    assert run("compress", "photo.png", *USED).status == 0
    assert run("compress", "photo.png", *USED, "-f").status == 0
    restored = comrec.decompress(folder / "photo.comrec.jpg")
    assert np.mean(np.abs(restored.astype(int) - pictures.photo())) < 30


def test_a_sidecar_that_stdin_cannot_have_has_no_name(run, pair):
    ran = run("decompress", "-", stdin=pair[0].read_bytes())
    assert ran.status == 1
    assert "its sidecar is missing" in ran.err
