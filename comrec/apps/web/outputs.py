"""Writes and removes the files of a gallery's folder, and keeps their record.

`comrec-web.json` in the folder names every file with its SHA-256 and every picture with
a digest of its inputs. Unchanged files are not written again, files that a person
changed are replaced only with force, and files of removed pictures are removed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
import time
from pathlib import Path
from typing import Any

from comrec.errors import OutputError
from comrec.image.picture import MAX_PIXELS
from comrec.networks.preset import IN_FOLDER, NAME
from comrec.system import files
from comrec.system.checks import parse_json

RECORD = "comrec-web.json"
FORMAT = 1
SAVE_EVERY_S = 2.0
_RECORD_BYTES_MAX = 2**27
_TEXTS = ("made_of", "title", "preset")  # of a picture's row, among others
_OPTIONAL = ("input_bytes", "plain_bytes", "plain_quality")
_NUMBERS = ("width_px", "height_px", "bytes", "restores")
Row = dict[str, Any]


class Outputs:
    """Manages the files of one gallery; several threads may use it.

    Args:
      folder: of the gallery, created if it is missing.
      force: whether to replace files that a person changed since an earlier run.

    Attributes:
      pictures: rows by source.

    Raises:
      OutputError: the record is damaged, or not of a gallery.
    """

    def __init__(self, folder: Path, force: bool = False) -> None:
        self.folder, self._force = folder, force
        record = _read_record(folder / RECORD)
        self._digests: dict[str, str] = record["files"]
        self.pictures: dict[str, Row] = record["pictures"]
        self._kept: set[str] = set()
        self._saved_s = time.monotonic()
        self._lock = threading.Lock()

    def put(self, name: str, data: bytes) -> None:
        """Writes a file, whole or not at all, unless the file has this content.

        Args:
          name: path below the folder, with slashes.
          data: content of the file.

        Raises:
          OutputError: another file has the name, or the file cannot be written.
        """
        self.check(name, data)
        path, digest = self.folder / name, _digest(data)
        if (found := self._digest_file(name)) != digest:
            files.write(path, data, replace=found is not None)
        with self._lock:
            self._digests[name] = digest
            self._kept.add(name)

    def check(self, name: str, data: bytes = b"") -> None:
        """Raises OutputError if a file exists that `put` would not replace."""
        path = self.folder / name
        if not self._holds(name):
            raise OutputError(
                f"{path}: a link on its path leads out of {self.folder}. Replace the "
                f"link by a folder, or name another folder"
            )
        found = self._digest_file(name)
        known = self._digests.get(name)
        if found is None or found in (known, _digest(data)) or (self._force and known):
            return
        why = "was changed since comrec wrote it" if known else "is not comrec's"
        do = "Use -f to replace it, or move it away" if known else "Move it away"
        raise OutputError(f"{path}: exists, and {why}. {do}")

    def is_done(self, source: str, made_of: str) -> bool:
        """Tells whether the inputs and files of a picture are unchanged."""
        row = self.pictures.get(source)
        return (
            row is not None
            and row["made_of"] == made_of
            and all(self._digest_file(n) == self._digests.get(n) for n in row["files"])
        )

    def keep(self, source: str, row: Row) -> None:
        """Adds a picture to the record; saves the record every SAVE_EVERY_S."""
        with self._lock:
            self.pictures[source] = row
            self._kept.update(row["files"])
            if time.monotonic() - self._saved_s > SAVE_EVERY_S:
                self._save()

    def finish(self, sources: set[str]) -> list[str]:
        """Removes the files of all other pictures; returns the names of removed files.

        Files that a person changed stay, as do files that cannot be removed.

        Args:
          sources: the pictures that stay.
        """
        with self._lock:
            self.pictures = {s: r for s, r in self.pictures.items() if s in sources}
            used = self._kept.union(*(row["files"] for row in self.pictures.values()))
            removed = []
            for name in sorted(self._digests.keys() - used):
                digest = self._digests.pop(name)
                if self._holds(name) and self._digest_file(name) == digest:
                    with contextlib.suppress(OSError):
                        (self.folder / name).unlink()
                        removed.append(name)
            self._save()
        return removed

    def save(self) -> None:
        """Writes the record."""
        with self._lock:
            self._save()

    def _save(self) -> None:
        record = {
            "format": FORMAT, "pictures": self.pictures, "files": self._digests
        }  # fmt: skip
        text = json.dumps(record, indent=1, sort_keys=True)
        files.write(self.folder / RECORD, text.encode() + b"\n")
        self._saved_s = time.monotonic()

    def _holds(self, name: str) -> bool:
        """Tells whether a file lies in the folder, whatever links are on its path."""
        parent = (self.folder / name).parent.resolve()
        return parent.is_relative_to(self.folder.resolve())

    def _digest_file(self, name: str) -> str | None:
        """Returns the digest of a file; None if it is missing, "" if unreadable."""
        path = self.folder / name
        if not os.path.lexists(path):
            return None
        try:
            data = files.read(path, files.picture_bytes(MAX_PIXELS), pipes=False)
        except OSError:
            return ""
        return _digest(data)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _read_record(path: Path) -> Row:
    try:
        record = parse_json(files.read(path, _RECORD_BYTES_MAX, pipes=False))
        if record["format"] != FORMAT:
            raise ValueError("another format")
        texts = [*record["files"], *record["files"].values()]
        for row in record["pictures"].values():
            texts += [*(row[name] for name in _TEXTS), *row["files"]]
            counts = [row[name] for name in _NUMBERS]
            counts += [row[n] for n in _OPTIONAL if row.get(n) is not None]
            if not all(isinstance(count, int) for count in counts):
                raise ValueError("a number is missing")
            names = (NAME, IN_FOLDER)
            if not any(name.fullmatch(row["preset"]) for name in names):
                raise ValueError("a preset has no name")
        if not all(isinstance(text, str) for text in texts):
            raise ValueError("a text is missing")
        if any(_is_outside(name) for name in record["files"]):
            raise ValueError("a file lies outside")
    except FileNotFoundError:
        return {"files": {}, "pictures": {}}
    except NotADirectoryError as err:
        raise OutputError(f"{path.parent}: not a folder. Name another") from err
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as err:
        reason = (
            err.strerror
            if isinstance(err, OSError)
            else "damaged, or of another program"
        )
        raise OutputError(
            f"{path}: not the record of a gallery ({reason}). Move it away, or name "
            f"another folder"
        ) from err
    return record


def _is_outside(name: str) -> bool:
    return Path(name).is_absolute() or ".." in Path(name).parts
