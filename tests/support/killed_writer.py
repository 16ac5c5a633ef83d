"""A process that writes a file and stops before the file has its own name."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import processes

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


def writer(path: Path, kind: str, end: str) -> subprocess.Popen[bytes]:
    """Starts such a process; `end` is "dies" or "lives"."""
    process = processes.start(
        [sys.executable, "-c", WRITER, path, kind, end],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == b"named\n"
    return process


def killed(path: Path, kind: str = "unnamed") -> Path:
    """Returns the temporary file that a killed writer leaves."""
    before = set(path.parent.iterdir())
    with writer(path, kind, "dies") as process:
        assert process.wait(60) == -signal.SIGKILL
    (left,) = set(path.parent.iterdir()) - before
    return left
