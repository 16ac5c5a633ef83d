"""Writing outputs: never over an original, and a pair as a whole."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from comrec.errors import OutputError
from comrec.format import names, provenance
from comrec.system.files import lock_folder, write


def refuse_existing(path: Path, force: bool) -> None:
    """Raises OutputError if `path` is there and may not be replaced."""
    if not os.path.lexists(path):
        return
    if not force:
        raise OutputError(
            f"{path}: exists. Use -f to replace it, or -o for another name"
        )
    if not provenance.is_ours(path):
        raise OutputError(
            f"{path}: exists, and nothing in it shows that comrec made it. Move it "
            f"away, or use -o for another name"
        )


def refuse_shared(jpeg_path: Path) -> None:
    """Raises OutputError if the sidecar's name is that of another pair's."""
    path = names.sidecar_of(jpeg_path)
    for rival in names.rivals_of(jpeg_path):
        if provenance.record_of(rival, path):
            raise OutputError(
                f"{jpeg_path}: its sidecar would be {path}, which belongs to {rival}. "
                f"Use -o for another name"
            )


def write_pair(jpeg_path: Path, jpeg: bytes, sidecar_file: bytes | None) -> None:
    """Writes a .jpg and its sidecar, so that a kill leaves the old pair or the new.

    Two renames cannot happen at once. In between, the sidecar file holds the new
    record and the old one; whichever .jpg stands there, one of them fits it.

    Args:
      sidecar_file: None when the .jpg is whole without one; a sidecar of an
        earlier pair is then removed.
    """
    with lock_folder(jpeg_path.parent):
        _write_pair(jpeg_path, jpeg, sidecar_file)


def _write_pair(jpeg_path: Path, jpeg: bytes, sidecar_file: bytes | None) -> None:
    path = names.sidecar_of(jpeg_path)
    old = provenance.old_record(jpeg_path)
    if sidecar_file is None and not os.path.lexists(path):
        write(jpeg_path, jpeg)
        return
    new = sidecar_file or provenance.record_of_plain(jpeg)
    before = path.read_bytes() if os.path.isfile(path) else None
    write(path, new + (old or b""))
    try:
        write(jpeg_path, jpeg)
    except BaseException:
        with contextlib.suppress(OSError, OutputError):
            if not (jpeg_path.exists() and jpeg_path.read_bytes() == jpeg):
                path.unlink() if before is None else write(path, before)
        raise
    # The new pair is whole: what is left to do is to tidy up.
    with contextlib.suppress(OSError, OutputError):
        if sidecar_file is None:
            path.unlink(missing_ok=True)
        elif old is not None:
            write(path, new)
