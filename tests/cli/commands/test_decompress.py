"""`comrec decompress`: presets in folders, and options that exclude each other."""

from __future__ import annotations

import numpy as np
import own_preset
import pytest
from outputs import pixels_of

import comrec
from comrec.cli import main
from comrec.cli.commands import decompress
from comrec.errors import UsageError

USED = ("--jpeg-quality", 50, "--scale", 2)


@pytest.fixture
def own_pair(run, folder, own, monkeypatch):
    """photo.comrec.jpg and its sidecar, by a preset that is forgotten since."""
    assert run("compress", "photo.png", "-p", own, *USED).status == 0
    assert own_preset.NAME in (folder / "photo.comrec.json").read_text()
    own_preset.forget(monkeypatch)
    return folder / "photo.comrec.jpg"


def test_a_pair_of_your_own_preset_is_restored_with_its_folder(run, own, own_pair):
    without = run("decompress", own_pair)
    assert (without.status, without.out) == (1, b"")
    assert f"unknown preset '{own_preset.NAME}." in without.err
    assert "Name its folder by --presets or in COMREC_PRESETS" in without.err
    ran = run("decompress", own_pair, "--presets", own, "--json")
    assert ran.status == 0, ran.err
    assert ran.rows[0]["preset"].startswith(f"{own_preset.NAME}.")
    restored = pixels_of(own_pair.with_name("photo.restored.png").read_bytes())
    np.testing.assert_array_equal(restored, comrec.decompress(own_pair, presets=own))


def test_a_pair_of_your_own_preset_is_verified_with_its_folder(
    run, own, own_pair, folder
):
    words = "verify", own_pair, "--original", folder / "photo.png"
    assert run(*words).status == 1
    ran = run(*words, "-p", own.parent, "--json")
    assert (ran.status, ran.err) == (0, "")
    assert ran.rows[0]["psnr_db"] > 20


@pytest.mark.parametrize("folder_name", ["", "none"])
def test_a_folder_without_a_preset_is_an_illegal_request(
    run, pair, tmp_path, folder_name
):
    ran = run("decompress", pair[0], "-p", tmp_path / folder_name)
    assert (ran.status, ran.out, ran.err.count("\n")) == (2, b"", 1)
    assert str(tmp_path / folder_name) in ran.err


def options(*words: str):
    args = main.parser().parse_args(["decompress", *words])
    return decompress.decode_options(args)


def test_typed_options_are_the_options_of_decompression():
    found = options(
        "x", "--assume", "comrec-lite-2", "--size", "17x1", "--scale", "1.5",
        "--exact", "--memory", "64", "--max-pixels", "99",
    )  # fmt: skip
    assert (found.assume, found.size, found.scale) == ("comrec-lite-2", (1, 17), 1.5)
    assert (found.exact, found.memory_mb, found.max_pixels) == (True, 64, 99)
    assert options("x").sidecar is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--size", "3x3"], "--assume PRESET and --size WxH go together"),
        (["--assume", "comrec-lite-2"], "--assume PRESET and --size WxH go together"),
        (["--scale", "2"], "--scale goes with --assume"),
        (["y", "--sidecar", "z"], "--sidecar goes with one .jpg"),
        (["--assume", "nobody", "--size", "3x3"], "no preset is called 'nobody'"),
    ],
)
def test_options_that_exclude_each_other_are_refused(words, said):
    with pytest.raises(UsageError, match=said):
        options("x", *words)


@pytest.mark.parametrize("command", ["decompress", "verify"])
def test_a_sidecar_stands_for_its_jpg(run, pair, command):
    pair[0].with_name("photo.jpg").write_bytes(b"another")  # has the same sidecar name
    ran = run(command, pair[1], "--json")
    assert ran.status == 0
    assert [row["input"] for row in ran.rows] == [str(pair[0])]


def test_a_pair_named_by_a_glob_is_restored_once(run, pair):
    ran = run("decompress", *pair, "--json")
    assert [row["input"] for row in ran.rows] == [str(pair[0])]


def test_a_sidecar_without_its_jpg_is_refused(refused, pair):
    pair[0].unlink()
    error = refused("decompress", pair[1], names=pair[1])
    assert "Name the .jpg" in error
