"""What a killed process leaves of a file is cleared, and nothing else is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from comrec.system import files

pytestmark = pytest.mark.skipif(files.fcntl is None, reason="files have no locks")

# A process that writes a file, and stops where it has no name but the temporary one.
WRITER = """
import os, signal, sys
from pathlib import Path
from comrec.system import files
path, named, end = Path(sys.argv[1]), sys.argv[2] == "named", sys.argv[3]
if named and hasattr(os, "O_TMPFILE"):
    del os.O_TMPFILE
real = os.replace
def replace(*names):
    print("named", flush=True)
    if end == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    sys.stdin.read()
    real(*names)
os.replace = replace
files.write(path, b"whole")
"""


def writer(path, kind: str, end: str) -> subprocess.Popen[bytes]:
    """One that has come so far."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), kind, end],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == b"named\n"
    return process


def killed(path, kind: str = "unnamed"):
    """The temporary file that a killed writer leaves."""
    before = set(path.parent.iterdir())
    with writer(path, kind, "dies") as process:
        assert process.wait(60) == -signal.SIGKILL
    (left,) = set(path.parent.iterdir()) - before
    return left


@pytest.mark.parametrize("kind", ["unnamed", "named"])
@pytest.mark.parametrize("name", ["x.jpg", "n" * 251 + ".png", "図" * 83 + ".png"])
def test_what_a_killed_writer_left_is_removed_whatever_the_clock_says(
    tmp_path, kind, name
):
    left = killed(tmp_path / name, kind)
    os.utime(left, (4_102_444_800,) * 2)  # of the year 2100
    assert left.read_bytes() == b"whole"
    assert files.sweep(tmp_path, files.beginning(name)) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["unnamed", "named"])
def test_what_a_living_writer_has_is_left_to_it(tmp_path, kind):
    path = tmp_path / "x.jpg"
    with writer(path, kind, "lives") as process:
        (temporary,) = tmp_path.iterdir()
        os.utime(temporary, (0, 0))  # as old as can be
        assert files.sweep(tmp_path) == 0
        process.communicate()
        assert process.returncode == 0
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"whole"


def test_what_no_writer_can_have_left_stays(tmp_path):
    original = tmp_path / "photo.png"
    original.write_bytes(b"original")
    for name in (
        ".x.jpg.0123abcd.tmp", "x.jpg.0123abcd.comrec.tmp", ".x.jpg.comrec.tmp",
        ".x.jpg.0123ABCD.comrec.tmp", ".x.jpg.0123abcd.comrec.tmp~",
    ):  # fmt: skip
        (tmp_path / name).write_bytes(b"of somebody else")
    (tmp_path / ".a.jpg.0123abcd.comrec.tmp").mkdir()
    (tmp_path / ".b.jpg.0123abcd.comrec.tmp").symlink_to(original)
    (tmp_path / ".c.jpg.0123abcd.comrec.tmp").touch()  # its writer may just have begun
    os.mkfifo(tmp_path / ".d.jpg.0123abcd.comrec.tmp")
    before = sorted(tmp_path.iterdir())
    assert files.sweep(tmp_path) == 0
    assert sorted(tmp_path.iterdir()) == before
    assert original.read_bytes() == b"original"


def test_only_the_files_asked_for_are_removed(tmp_path):
    left = killed(tmp_path / "x.jpg")
    assert files.sweep(tmp_path, files.beginning("y.jpg")) == 0
    assert files.sweep(tmp_path / "no folder") == 0
    assert left.exists()


def test_without_locks_files_are_written_and_nothing_is_removed(tmp_path, monkeypatch):
    left = killed(tmp_path / "x.jpg")
    monkeypatch.setattr(files, "fcntl", None)
    files.write(tmp_path / "y.jpg", b"data")
    assert files.sweep(tmp_path) == 0
    assert {path.name for path in tmp_path.iterdir()} == {left.name, "y.jpg"}


@pytest.mark.parametrize("options", [["--skip-existing"], ["-f"], []])
def test_the_next_run_removes_what_a_killed_one_left_and_says_so(
    run, tmp_path, options
):
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "a.png")
    out = tmp_path / "out"
    out.mkdir()
    lefts = [killed(out / f"a.comrec.{kind}") for kind in ("jpg", "json")]
    words = ["compress", tmp_path / "a.png", "-o", f"{out}/", "-p", "plain", *options]
    assert run(*words, "--dry-run").status == 0
    assert all(left.exists() for left in lefts)
    ran = run(*words)
    assert ran.status == 0
    assert "2 temporary files of a run that was killed: removed" in ran.err
    assert [path.name for path in out.iterdir()] == ["a.comrec.jpg"]
