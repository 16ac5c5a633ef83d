"""What a run has written into a gallery's folder, and what it may write again.

`comrec-web.json` there names every file with its SHA-256, and every picture with what
it was made of. What is as it was is left alone, what somebody changed is not replaced
unasked, and what no page shows any more is taken away.
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
from comrec.system import files

RECORD = "comrec-web.json"
FORMAT = 1
SAVE_EVERY_S = 2.0
_RECORD_BYTES_MAX = 2**28
_TEXTS = ("made_of", "title", "preset")  # of a picture's row, among others
_NUMBERS = ("width_px", "height_px", "bytes", "restores")
Row = dict[str, Any]


class Outputs:
    """The files of one gallery. May be used from several threads.

    Args:
      folder: made where it is missing.
      force: files of an earlier run may be replaced though somebody changed them.

    Raises:
      OutputError: what stands under the record's name is no record.
    """

    def __init__(self, folder: Path, force: bool = False) -> None:
        self.folder, self._force = folder, force
        record = _read(folder / RECORD)
        self._digests: dict[str, str] = record["files"]
        self.pictures: dict[str, Row] = record["pictures"]
        self._kept: set[str] = set()
        self._saved_s = time.monotonic()
        self._lock = threading.Lock()

    def put(self, name: str, data: bytes) -> None:
        """Writes a file, whole or not at all; nothing where it is as it should be.

        Args:
          name: below the folder, with slashes.

        Raises:
          OutputError: another file stands there, or it cannot be written.
        """
        self.refuse(name, data)
        path, digest = self.folder / name, _digest(data)
        if self._now(name) != digest:
            files.write(path, data)
        with self._lock:
            self._digests[name] = digest
            self._kept.add(name)

    def refuse(self, name: str, data: bytes = b"") -> None:
        """Raises OutputError where a file stands that `put` would not replace."""
        path = self.folder / name
        now = self._now(name)
        known = self._digests.get(name)
        if now is None or now in (known, _digest(data)) or (self._force and known):
            return
        why = "was changed since comrec wrote it" if known else "is not comrec's"
        do = "Use -f to replace it, or move it away" if known else "Move it away"
        raise OutputError(f"{path}: exists, and {why}. {do}")

    def is_done(self, source: str, made_of: str) -> bool:
        """Whether a picture was made of the same before, and its files are whole."""
        row = self.pictures.get(source)
        return (
            row is not None
            and row["made_of"] == made_of
            and all(self._now(n) == self._digests.get(n) for n in row["files"])
        )

    def keep(self, source: str, row: Row) -> None:
        """Puts a picture on record, and from time to time the record on disk."""
        with self._lock:
            self.pictures[source] = row
            self._kept.update(row["files"])
            if time.monotonic() - self._saved_s > SAVE_EVERY_S:
                self._save()

    def finish(self, sources: set[str]) -> list[str]:
        """Takes away what belongs to no picture of these; names of such files.

        A file that somebody changed stays, and so does one that could not be removed.
        """
        with self._lock:
            self.pictures = {s: r for s, r in self.pictures.items() if s in sources}
            used = self._kept.union(*(row["files"] for row in self.pictures.values()))
            gone = []
            for name in sorted(self._digests.keys() - used):
                if self._now(name) == self._digests.pop(name):
                    with contextlib.suppress(OSError):
                        (self.folder / name).unlink()
                        gone.append(name)
            self._save()
        return gone

    def save(self) -> None:
        with self._lock:
            self._save()

    def _save(self) -> None:
        record = {
            "format": FORMAT, "pictures": self.pictures, "files": self._digests
        }  # fmt: skip
        text = json.dumps(record, indent=1, sort_keys=True)
        files.write(self.folder / RECORD, text.encode() + b"\n")
        self._saved_s = time.monotonic()

    def _now(self, name: str) -> str | None:
        """The digest of what stands under a name; None for nothing, "" for no file."""
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


def _read(path: Path) -> Row:
    try:
        record = json.loads(files.read(path, _RECORD_BYTES_MAX, pipes=False))
        if record["format"] != FORMAT:
            raise ValueError("of another format")
        texts = [*record["files"], *record["files"].values()]
        for row in record["pictures"].values():
            texts += [*(row[name] for name in _TEXTS), *row["files"]]
            if not all(isinstance(row[name], int) for name in _NUMBERS):
                raise ValueError("without its numbers")
        if not all(isinstance(text, str) for text in texts):
            raise ValueError("not of texts")
        if any(_is_outside(name) for name in record["files"]):
            raise ValueError("of files elsewhere")
    except FileNotFoundError:
        return {"files": {}, "pictures": {}}
    except NotADirectoryError as err:
        raise OutputError(f"{path.parent}: not a folder. Name another") from err
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as err:
        reason = err.strerror if isinstance(err, OSError) else "damaged, or another's"
        raise OutputError(
            f"{path}: not the record of a gallery ({reason}). Move it away, or name "
            f"another folder"
        ) from err
    return record


def _is_outside(name: str) -> bool:
    return Path(name).is_absolute() or ".." in Path(name).parts
