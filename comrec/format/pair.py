"""Writes a pair as a whole, and protects files that comrec did not make."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from comrec.errors import OutputError
from comrec.format import names, provenance
from comrec.system.files import lock_folder, write


def refuse_existing(
    path: Path, force: bool, signatures: Iterable[provenance.Signature] = ()
) -> None:
    """Raises OutputError if `path` exists and must not be replaced.

    Args:
      path: of an output.
      force: allows to replace files that comrec made.
      signatures: for the files of an app; see `provenance.is_ours`.
    """
    if not os.path.lexists(path):
        return
    if not force:
        raise OutputError(
            f"{path}: exists. Use `force` to replace it, or `output` for another name"
        )
    if not provenance.is_ours(path, signatures):
        raise OutputError(
            f"{path}: exists, and nothing in it shows that comrec made it. Move it "
            f"away, or use `output` for another name"
        )


def refuse_shared(jpeg_path: Path) -> None:
    """Raises OutputError if another pair has a sidecar of the same name."""
    path = names.sidecar_of(jpeg_path)
    for rival in names.rivals_of(jpeg_path):
        if _may_need(rival, path):
            raise OutputError(
                f"{jpeg_path}: its sidecar would be {path}, which belongs to {rival}. "
                f"Use `output` for another name, or move that file away"
            )


def _may_need(rival: Path, sidecar: Path) -> bool:
    """Tells whether a sidecar is that of a file, or of one that cannot be unpacked."""
    if provenance.record_of(rival, sidecar):
        return True
    return names.is_packed(rival.name) and not provenance.can_be_unpacked(rival)


def write_output(
    path: Path,
    data: bytes,
    force: bool,
    signatures: Iterable[provenance.Signature] = (),
) -> None:
    """Writes an output; a file that appeared since it was checked is not replaced.

    Args:
      path, force, signatures: as of `refuse_existing`, which is called once more.
      data: content of the output.

    Raises:
      OutputError: a file exists, or the output cannot be written.
    """
    refuse_existing(path, force, signatures)
    write(path, data, replace=os.path.lexists(path))


def write_pair(
    jpeg_path: Path, jpeg: bytes, sidecar_file: bytes | None, force: bool | None = None
) -> None:
    """Writes a .jpg and its sidecar; a kill leaves the old pair or the new one.

    The files are renamed one after the other. In between, the sidecar file holds the
    old record and the new one, and one of them fits either .jpg.

    Args:
      jpeg_path: of the .jpg; `names.sidecar_of` gives the other path.
      jpeg: content of the .jpg.
      sidecar_file: content of the sidecar; None where the .jpg needs none. The sidecar
        of an earlier pair is then removed.
      force: as of `refuse_existing`; None replaces every file.

    Raises:
      OutputError: a file exists that may not be replaced, though it may have appeared
        since it was checked, or a file cannot be written. The old pair stays.
    """
    with lock_folder(jpeg_path.parent):
        for path in (jpeg_path, names.sidecar_of(jpeg_path)):
            if force is not None:
                refuse_existing(path, force)
        _write_pair(jpeg_path, jpeg, sidecar_file)


def _write_pair(jpeg_path: Path, jpeg: bytes, sidecar_file: bytes | None) -> None:
    path = names.sidecar_of(jpeg_path)
    is_new = not os.path.lexists(jpeg_path)
    old = provenance.old_record(jpeg_path)
    if sidecar_file is None and not os.path.lexists(path):
        write(jpeg_path, jpeg, replace=not is_new)
        return
    new = sidecar_file or provenance.record_of_plain(jpeg)
    before = path.read_bytes() if os.path.isfile(path) else None
    write(path, new + (old or b""), replace=os.path.lexists(path))
    try:
        write(jpeg_path, jpeg, replace=not is_new)
    except BaseException:
        with contextlib.suppress(OSError, OutputError):
            if not (jpeg_path.exists() and jpeg_path.read_bytes() == jpeg):
                path.unlink() if before is None else write(path, before)
        raise
    # The new pair is whole. Errors of the cleanup do no harm.
    with contextlib.suppress(OSError, OutputError):
        if sidecar_file is None:
            path.unlink(missing_ok=True)
        elif old is not None:
            write(path, new)
