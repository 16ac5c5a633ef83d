"""Closed and full streams, and libraries that write to stderr by themselves."""

from __future__ import annotations

import subprocess
import sys

import pytest
from outputs import names_in

COMREC = f"{sys.executable} -m comrec"
# A library's warning, by the descriptor, and then a note and an error of comrec.
NOISY = """
import os, sys
from comrec.cli import console, main, streams
class Command:
    add = staticmethod(lambda parser: None)
    def run(self, args):
        os.write(2, b"libtiff warning\\n")
        console.Output().warn("a note")
        return 0
main.COMMANDS = {"noise": (Command(), "x")}
sys.argv = ["comrec", "noise"]
sys.exit(main.main())
"""


def shell(command: str, **options: object) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=60, **options
    )


@pytest.mark.parametrize(
    ("redirected", "status"),
    [(">&-", 0), ("2>&-", 0), (">&- 2>&-", 0), (">&- 2>&- <&-", 0),
     ("2>/dev/full", 0), (">/dev/full", 1)],
)  # fmt: skip
def test_streams_that_are_closed_or_full_change_no_other_thing(redirected, status):
    ran = shell(f"{COMREC} presets {redirected}")
    assert ran.returncode == status
    assert "Traceback" not in ran.stderr


def test_an_error_keeps_its_status_where_stderr_is_closed_or_full():
    for redirected in ("2>&-", "2>/dev/full", ">&-"):
        ran = shell(f"{COMREC} info nothing.jpg {redirected}")
        assert ran.returncode == 1
        assert ran.stderr.count("\n") == (redirected == ">&-")


@pytest.mark.slow
@pytest.mark.parametrize("redirected", [">&-", "2>&-", "2>/dev/full", ">&- 2>&- <&-"])
def test_pictures_are_done_whatever_streams_there_are(folder, redirected):
    words = f"{COMREC} compress photo.png -p plain -q 50"
    ran = shell(f"{words} {redirected}", cwd=folder)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "photo.comrec.jpg" in names_in(folder)
    sent = shell(f"{words} -o - >&-", cwd=folder)
    assert sent.returncode == 1
    assert sent.stderr.startswith("comrec: stdout: closed.")


def test_libraries_do_not_reach_the_terminal_and_comrec_does():
    ran = subprocess.run(
        [sys.executable, "-c", NOISY], capture_output=True, text=True, timeout=60
    )
    assert (ran.returncode, ran.stderr) == (0, "comrec: a note\n")


@pytest.mark.slow
def test_onnxruntime_writes_nothing_below_the_home_folder(tmp_path):
    code = "from comrec.networks import engine, presets; engine.load(presets.find("
    code += "presets.DEFAULT), 'reccnn', 'onnxruntime')"
    ran = subprocess.run(
        ["env", "-u", "ORT_DISABLE_TELEMETRY", "-u", "XDG_CACHE_HOME",
         f"HOME={tmp_path}", sys.executable, "-c", code],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert names_in(tmp_path) == set()
