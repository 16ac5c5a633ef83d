"""`comrec pack` and `unpack`: every file comes back, none is lost, none is replaced."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import packing
import pytest
from outputs import names_in
from packing import GOLDEN

import comrec
from comrec.apps.pack import pack as app
from comrec.format import names
from comrec.jpeg import lepton
from comrec.system import files

pytest.importorskip("lepton_jpeg_python", reason="needs the pack extra")


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Enters a folder with a tree: a pair, and plain JPEGs of several suffixes."""
    monkeypatch.chdir(tmp_path)
    (path, jpeg), _ = GOLDEN.items()
    folder = tmp_path / "in" / "b"
    folder.mkdir(parents=True)
    shutil.copy(jpeg, tmp_path / "in" / "house.comrec.jpg")
    shutil.copy(path.with_name("colour-1.5.comrec.json"), "in/house.comrec.json")
    (folder / "x.jpg").write_bytes(packing.jpeg())
    (folder / "x.JPEG").write_bytes(packing.jpeg("grey"))
    (folder / "notes.txt").write_text("no picture")
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in names_in(folder)}


PACKED = {"house.comrec.lep", "house.comrec.json", "b/x.lep", "b/x.JPEG.lep"}


def test_a_tree_comes_back_to_the_byte_with_its_sidecars(run, tree):
    before = contents(tree / "in")
    ran = run("pack", "-r", "in", "-o", "packed/")
    assert ran.status == 0, ran
    assert "1 left out: no pictures (1)" in ran.err
    assert contents(tree / "in") == before
    assert names_in(tree / "packed") == PACKED
    assert run("unpack", "-r", "packed", "-o", "back/").status == 0
    before.pop("b/notes.txt")
    assert contents(tree / "back") == before


def test_packed_in_place_sidecars_stay(run, tree):
    assert run("pack", "-r", "in").status == 0
    assert names_in(tree / "in") == PACKED | {
        "house.comrec.jpg", "b/x.jpg", "b/x.JPEG", "b/notes.txt",
    }  # fmt: skip


def test_replace_removes_inputs_and_unpack_gives_them_back(run, tree):
    before = contents(tree / "in")
    ran = run("pack", "-r", "in", "--replace", "--json", "-j", 2)
    assert [row["removed"] for row in ran.rows] == [True] * 3
    assert names_in(tree / "in") == PACKED | {"b/notes.txt"}
    assert run("unpack", "-r", "in", "--replace").status == 0
    assert contents(tree / "in") == before


def test_times_and_permissions_are_those_of_the_input(run, tree):
    path = tree / "in" / "b" / "x.jpg"
    os.utime(path, ns=(10**18, 10**18))
    path.chmod(0o640)
    assert run("pack", path, "--replace").status == 0
    assert run("unpack", path.with_suffix(".lep"), "--replace").status == 0
    found = path.stat()
    assert (found.st_mtime_ns, found.st_mode & 0o777) == (10**18, 0o640)


def test_a_kill_before_the_removal_is_made_good(run, tree, monkeypatch):
    before = contents(tree / "in")
    with monkeypatch.context() as patched:
        patched.setattr(app, "_remove", lambda *_: (_ for _ in ()).throw(OSError))
        assert run("pack", "-r", "in", "--replace").status == 1
    assert contents(tree / "in").items() >= before.items()
    assert run("pack", "-r", "in", "--replace", "--skip-existing").status == 0
    assert names_in(tree / "in") == PACKED | {"b/notes.txt"}


def test_an_input_that_changed_meanwhile_is_kept(run, tree, monkeypatch):
    path, write = tree / "in" / "b" / "x.jpg", files.write

    def change(*args, **options):
        write(*args, **options)
        path.write_bytes(packing.jpeg("grey"))

    monkeypatch.setattr("comrec.format.pair.write", change)
    ran = run("pack", path, "--replace")
    assert (ran.status, path.read_bytes()) == (1, packing.jpeg("grey"))
    assert "changed while it was read, and was kept" in ran.err


def test_skip_existing_compares_contents(run, refused, tree):
    assert run("pack", "in/b/x.jpg").status == 0
    ran = run("pack", "in/b/x.jpg", "--skip-existing", "--json")
    assert ran.rows[0]["outcome"] == "skipped"
    other = lepton.pack(packing.jpeg("grey"))
    for content in (other, other[:-1], b"other"):
        (tree / "in" / "b" / "x.lep").write_bytes(content)
        refused("pack", "in/b/x.jpg", "--skip-existing", "--replace", names="x.lep")
    refused("unpack", "in/b/x.lep", "--skip-existing", names="in/b/x.jpg")


def test_force_replaces_packed_files_and_no_others(run, refused, tree):
    path = tree / "in" / "b" / "x.lep"
    path.write_bytes(b"of another program")
    refused("pack", "in/b/x.jpg", names=path.relative_to(tree))
    refused("pack", "in/b/x.jpg", "-f", names=path.relative_to(tree))
    path.write_bytes(lepton.pack(packing.jpeg("grey")))
    assert run("pack", "in/b/x.jpg", "-f").status == 0
    assert lepton.unpack(path.read_bytes()) == packing.jpeg()
    (tree / "in" / "b" / "x.jpg").write_bytes(packing.jpeg("grey"))
    refused("unpack", "in/b/x.lep", "-f", names="in/b/x.jpg")  # a picture of theirs


def test_no_sidecar_of_another_pair_is_replaced(run, refused, tree):
    folder = tree / "out"
    folder.mkdir()
    (folder / "house.comrec.json").write_text("mine")
    refused("pack", "in/house.comrec.jpg", "-o", "out/", names="house.comrec.json")
    refused("pack", "in/house.comrec.jpg", "-o", "out/", "-f", names="house.comrec.j")


def test_a_lost_sidecar_is_a_note(run, tree):
    (tree / "in" / "house.comrec.json").unlink()
    ran = run("pack", "in/house.comrec.jpg", "-o", "out/")
    assert ran.status == 0
    assert "its sidecar in/house.comrec.json is missing or does not fit" in ran.err
    assert names_in(tree / "out") == {"house.comrec.lep"}


def test_stdin_and_stdout(run, tree):
    packed = run("pack", "-", stdin=packing.jpeg())
    assert lepton.unpack(packed.out) == packing.jpeg()
    assert run("unpack", "-", stdin=packed.out).out == packing.jpeg()
    assert run("pack", "in/b/x.jpg", "-o", "-").out == packed.out


@pytest.mark.parametrize(
    ("words", "named", "status"),
    [
        (("pack", "in/b/notes.txt"), "in/b/notes.txt", 1),
        (("pack", "in/none.jpg"), "in/none.jpg", 1),
        (("unpack", "in/b/notes.txt"), "in/b/notes.txt", 1),
        (("pack", "in"), "in", 2),
        (("pack", "in/b/x.jpg", "-o", "y.jpg"), "y.jpg", 2),
        (("unpack", "in/b/x.lep", "-o", "y.png"), "y.png", 2),
        (("pack", "in/b/x.jpg", "--replace", "-o", "y.lep"), "--replace", 2),
        (("pack", "in/b/x.jpg", "--max-pixels", 9), "in/b/x.jpg", 1),
    ],
)
def test_what_cannot_be_done_is_one_line(refused, tree, words, named, status):
    refused(*words, names=named, status=status)


def test_one_that_fails_does_not_stop_the_others(run, tree):
    (tree / "in" / "a.jpg").write_bytes(packing.jpeg("cmyk"))
    ran = run("pack", "-r", "in", "--replace")
    assert ran.status == 1
    assert "in/a.jpg: cannot be packed" in ran.err
    assert "1 of 4 failed; the others are done" in ran.err
    assert names_in(tree / "in") == PACKED | {"a.jpg", "b/notes.txt"}


def test_without_the_library_the_extra_is_named(run, tree, monkeypatch):
    monkeypatch.setattr(lepton, "find_spec", lambda _: None)
    ran = run("pack", "in/b/x.jpg")
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert "pip install comrec[pack]" in ran.err


# Commands that read packed files


@pytest.fixture
def replaced(run, tree):
    """The tree, in which packed files have replaced all .jpg files."""
    before = comrec.decompress("in/house.comrec.jpg")
    assert run("pack", "-r", "in", "--replace").status == 0
    return before


def test_packed_pairs_are_restored_at_once(run, tree, replaced):
    assert (comrec.decompress("in/house.comrec.lep") == replaced).all()
    ran = run("decompress", "-r", "in", "-o", "out/")
    assert ran.status == 0, ran
    assert names_in(tree / "out") == {"house.restored.png"}
    assert run("verify", "in/house.comrec.lep").status == 0
    data = (tree / "in" / "house.comrec.lep").read_bytes()
    beside = (tree / "in" / "house.comrec.json").read_bytes()
    assert np.array_equal(comrec.decompress(data, beside), replaced)


def test_a_packed_file_beside_its_jpg_is_restored_once(run, tree):
    assert run("pack", "-r", "in").status == 0
    ran = run("decompress", "-r", "in", "-o", "out/")
    assert names_in(tree / "out") == {"house.restored.png"}
    assert "packed files beside their .jpg (3)" in ran.err


def test_info_describes_a_packed_pair(run, tree, replaced):
    (row,) = run("info", "in/house.comrec.lep", "--json").rows
    assert row["kind"] == "JPEG, packed"
    assert row["packed_bytes"] == (tree / "in" / "house.comrec.lep").stat().st_size
    assert row["sidecar"].endswith("house.comrec.json, fits")


def test_damage_is_refused_by_every_command(refused, tree, replaced):
    path = tree / "in" / "house.comrec.lep"
    path.write_bytes(path.read_bytes()[:-9] + bytes(5) + path.read_bytes()[-4:])
    for command in ("decompress", "verify", "info", "unpack"):
        refused(command, "in/house.comrec.lep", names="in/house.comrec.lep")


def test_a_packed_pair_counts_as_done_and_keeps_its_sidecar(run, refused, tree):
    from PIL import Image

    Image.fromarray(np.zeros((40, 56, 3), np.uint8)).save("house.png")
    for path in GOLDEN:
        if path.name.startswith("colour"):
            shutil.copy(path, "house.comrec.lep")
            shutil.copy(path.with_name("colour-1.5.comrec.json"), "house.comrec.json")
    ran = run("compress", "house.png", "--skip-existing", "--json")
    assert [(row["outcome"], row["output"]) for row in ran.rows] == [
        ("skipped", "house.comrec.lep")
    ]
    refused("compress", "house.png", "-f", "-q", 50, names="house.comrec.json")


def test_a_packed_file_that_cannot_be_opened_keeps_its_sidecar(run, refused, tree):
    from PIL import Image

    Image.fromarray(np.zeros((40, 56, 3), np.uint8)).save("in/house.png")
    assert run("pack", "in/house.comrec.jpg", "--replace").status == 0
    path = tree / "in" / "house.comrec.lep"
    path.write_bytes(path.read_bytes()[:-1])
    refused("compress", "in/house.png", "-f", "-q", 50, names="house.comrec.json")


@pytest.mark.slow
def test_packing_in_place_that_is_killed_loses_no_picture(tree):
    """Kills runs with --replace at eight times, and unpacks what they left."""
    given = {f"p{i:03d}.jpg": packing.jpeg("quality 100") for i in range(24)}
    command = [sys.executable, "-m", "comrec", "pack", "-r", "many", "--replace"]
    for attempt in range(8):
        shutil.rmtree("many", ignore_errors=True)
        for name, data in given.items():
            Path("many").mkdir(exist_ok=True)
            Path("many", name).write_bytes(data)
        run = subprocess.Popen(
            [*command, "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        for _ in range(3 * attempt):
            run.stdout.readline()
        run.kill()
        run.communicate()
        kept = {p.name for p in Path("many").glob("*.jpg")}
        for name, data in given.items():
            if name in kept:
                assert Path("many", name).read_bytes() == data
            else:
                packed = Path("many", names.packed_name(name)).read_bytes()
                assert lepton.unpack(packed) == data
    again = subprocess.run([*command, "--skip-existing"], capture_output=True)
    assert again.returncode == 0, again.stderr
    assert names_in(tree / "many") == {names.packed_name(name) for name in given}
