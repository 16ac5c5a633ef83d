"""Keeps the log of a run: one JSON object a line, in `metrics.jsonl`."""

from __future__ import annotations

import importlib
import json
import subprocess
import time
from pathlib import Path
from typing import Any

from comrec.errors import OutputError, UsageError

Row = dict[str, Any]


class RunLog:
    """Reads and writes a log, whose rows say in which `phase` and `epoch` they are."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def rows(self, event: str = "") -> list[Row]:
        """Returns all rows, or the rows of one event; none where no log exists yet.

        Raises:
          UsageError: the file is not the log of a run.
        """
        if not self.path.exists():
            return []
        try:
            lines = self.path.read_text().splitlines()
            rows = [json.loads(line) for line in lines if line.endswith("}")]
            return [row for row in rows if event in ("", row["event"])]
        except (OSError, ValueError, KeyError, TypeError) as err:
            raise UsageError(f"{self.path}: not the log of a run ({err})") from err

    def add(self, row: Row) -> Row:
        """Appends a row, and returns the row with the time in `time_s`.

        Raises:
          OutputError: the file cannot be written.
        """
        row = {"time_s": round(time.time(), 1), **row}
        try:
            with open(self.path, "a") as log:
                log.write(json.dumps(row) + "\n")
        except OSError as err:
            raise _unwritable(self.path, err) from err
        return row

    def rewind(self, phase: int, epoch: int) -> None:
        """Drops the rows that were written after the checkpoint of a phase and epoch.

        Raises:
          OutputError: the file cannot be written.
        """
        kept = [
            row
            for row in self.rows()
            if row["event"] == "start" or (row["phase"], row["epoch"]) < (phase, epoch)
        ]
        temporary = self.path.with_suffix(".tmp")
        try:
            temporary.write_text("".join(json.dumps(row) + "\n" for row in kept))
            temporary.replace(self.path)
        except OSError as err:
            temporary.unlink(missing_ok=True)
            raise _unwritable(self.path, err) from err


def read_versions(backend: str) -> dict[str, str]:
    """Returns the versions of comrec, of its libraries, and of the source under git.

    Args:
      backend: of Keras.
    """
    names = ("comrec", "keras", backend, "numpy", "PIL")
    found = {name: importlib.import_module(name).__version__ for name in names}
    try:
        git = subprocess.run(
            ["git", "describe", "--always", "--dirty"],
            cwd=Path(__file__).parent, capture_output=True, text=True, check=False,
        )  # fmt: skip
        source = git.stdout.strip()
    except OSError:  # no git here
        source = ""
    return found | {"source": source or "not under git"}


def _unwritable(path: Path, err: OSError) -> OutputError:
    return OutputError(
        f"{path}: cannot be written ({err.strerror}). Make room and go on with `resume`"
    )
