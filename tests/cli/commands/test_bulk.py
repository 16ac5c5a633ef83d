"""`comrec bulk`: options of each direction, presets in folders, and failures."""

from __future__ import annotations

import os

import numpy as np
import own_preset
import pictures
import pytest
from outputs import pixels_of

import comrec
from comrec.apps.bulk import command
from comrec.apps.bulk.runners import InProcess
from comrec.cli import main
from comrec.cli.commands import bulk
from comrec.encoder.options import Options
from comrec.errors import UsageError


@pytest.fixture(autouse=True)
def here(monkeypatch):
    """Processes all pictures in this process."""
    monkeypatch.setattr(command, "Pool", lambda _: InProcess())
    monkeypatch.setattr(os, "fsync", lambda _: None)


def options(*words: str):
    args = main.parser().parse_args(["bulk", "a", "b", *words])
    return bulk._options(args, 3)


def test_each_direction_takes_its_own_options():
    assert options("-q", "20") == Options(quality=20, threads=3)
    found = options("--decompress", "--memory", "64", "--exact")
    assert (found.memory_mb, found.exact, found.threads) == (64, True, 3)
    assert options("--decompress", "-p", "x", "--presets", "y").presets == ("y", "x")


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["--decompress", "--target-bpp", "1"], "target_bpp"),
        (["--decompress", "--metadata", "icc"], "metadata"),
        (["--memory", "64"], "memory_mb"),
        (["--presets", "x"], "presets"),
    ],
)
def test_an_option_of_the_other_direction_is_refused_by_its_name(words, name):
    with pytest.raises(UsageError, match=f"^`{name}` goes|^`{name}` does not go"):
        options(*words)


def test_pairs_of_your_own_preset_are_restored_with_its_folder(
    run, own, tmp_path, monkeypatch
):
    source = tmp_path / "src"
    source.mkdir()
    made = comrec.compress(pictures.photo(), preset=own, jpeg_quality=50, scale=2)
    (source / "x.jpg").write_bytes(made.jpeg)
    (source / "x.comrec.json").write_bytes(made.sidecar)
    expected = comrec.decompress(made.jpeg, made.sidecar)
    own_preset.forget(monkeypatch)
    words = "bulk", source, tmp_path / "dst", "--decompress", "--json"
    without = run(*words)
    assert (without.status, without.rows[0]["failed"]) == (bulk.SOME_FAILED, 1)
    assert f"unknown preset '{own_preset.NAME}." in without.err
    ran = run(*words, "--presets", own)
    assert (ran.status, ran.rows[0]["done"]) == (0, 1), ran.err
    (restored,) = (tmp_path / "dst").glob("*.png")
    np.testing.assert_array_equal(pixels_of(restored.read_bytes()), expected)


def test_further_failures_are_left_to_the_manifest(run, tmp_path, monkeypatch):
    monkeypatch.setattr(bulk, "SHOWN", 2)
    source = tmp_path / "src"
    source.mkdir()
    for name in "abcd":
        (source / f"{name}.png").write_bytes(b"no picture")
    (source / "e.png").write_bytes(pictures.photo_file(".png"))
    ran = run("bulk", source, tmp_path / "dst", "-p", "plain")
    assert ran.status == bulk.SOME_FAILED
    lines = ran.err.splitlines()
    assert [line.count("not a picture") for line in lines] == [1, 1, 0]
    assert lines[2].startswith("comrec: further failures: see ")
    assert ran.out.decode().startswith("1 done, 4 failed")


def test_status_counts_the_manifest_and_processes_nothing(run, tmp_path):
    source = tmp_path / "src"
    source.mkdir()
    (source / "e.png").write_bytes(pictures.photo_file(".png"))
    words = "bulk", source, tmp_path / "dst", "-p", "plain"
    assert run(*words).status == 0
    (source / "f.png").write_bytes(pictures.photo_file(".png"))
    ran = run(*words, "--status", "--json")
    assert (ran.status, ran.rows[0]["done"]) == (0, 1)
    assert not (tmp_path / "dst" / "f.comrec.jpg").exists()
