"""Writing outputs: each appears whole or not at all, and never over an original."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from comrec import naming, origin
from comrec.errors import OutputError

LOCK_WAIT_S, LOCK_STEP_S = 5.0, 0.02  # for another process to finish its pair
_DESCRIPTORS = "/proc/self/fd"
NAMED = 40  # characters of a file's name in that of its temporary file


def refuse_existing(path: Path, force: bool) -> None:
    """Raises OutputError if `path` is there and may not be replaced."""
    if not os.path.lexists(path):
        return
    if not force:
        raise OutputError(
            f"{path}: exists. Use -f to replace it, or -o for another name"
        )
    if not origin.is_ours(path):
        raise OutputError(
            f"{path}: exists, and nothing in it shows that comrec made it. Move it "
            f"away, or use -o for another name"
        )


def refuse_shared(jpeg_path: Path) -> None:
    """Raises OutputError if the sidecar's name is that of another pair's."""
    path = naming.sidecar_of(jpeg_path)
    for rival in naming.rivals_of(jpeg_path):
        if origin.record_of(rival, path):
            raise OutputError(
                f"{jpeg_path}: its sidecar would be {path}, which belongs to {rival}. "
                f"Use -o for another name"
            )


def write(path: Path, data: bytes) -> None:
    """Writes a file under a temporary name, then gives it its own.

    Raises:
      OutputError: the folder cannot be written, or the disk is full.
    """
    # At most 175 bytes, whatever the script: names end at 255.
    temporary = path.with_name(f".{path.name[:NAMED]}.{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unnamed = _open_unnamed(path.parent)
        with unnamed or open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            if unnamed:
                _name(file.fileno(), temporary)
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except OSError as err:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        reason = "the disk is full" if err.errno == errno.ENOSPC else err.strerror
        raise OutputError(
            f"{path}: cannot be written ({reason}). Nothing was left there; choose "
            f"another place with -o"
        ) from err
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def _open_unnamed(folder: Path) -> BinaryIO | None:
    """A file that has no name yet, so that a kill leaves none of it; None elsewhere."""
    if not (hasattr(os, "O_TMPFILE") and os.path.isdir(_DESCRIPTORS)):
        return None
    flags = os.O_TMPFILE | os.O_WRONLY
    try:
        return open(folder, "xb", opener=lambda name, _: os.open(name, flags, 0o666))
    except OSError as err:
        if err.errno in (errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL):
            return None  # not on this file system
        raise


def _name(descriptor: int, path: Path) -> None:
    # With a folder's descriptor given, or Python would link the link to the file.
    folder = os.open(path.parent, os.O_PATH)  # it may be closed to readers
    try:
        os.link(f"{_DESCRIPTORS}/{descriptor}", path.name, src_dir_fd=folder,
                dst_dir_fd=folder)  # fmt: skip
    finally:
        os.close(folder)


def _sync_folder(folder: Path) -> None:
    """The new name is on disk as well, where folders can be synchronised."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keeps other processes from writing a pair in the folder: one could be of two.

    Only where folders can be locked; and nobody waits for ever.
    """
    handle = None
    with contextlib.suppress(ImportError, OSError):
        import fcntl

        handle = os.open(folder, os.O_RDONLY)
        for _ in range(round(LOCK_WAIT_S / LOCK_STEP_S)):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(LOCK_STEP_S)
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)


def write_pair(jpeg_path: Path, jpeg: bytes, sidecar_file: bytes | None) -> None:
    """Writes a .jpg and its sidecar, so that a kill leaves the old pair or the new.

    Two renames cannot happen at once. In between, the sidecar file holds the new
    record and the old one; whichever .jpg stands there, one of them fits it.

    Args:
      sidecar_file: None when the .jpg is whole without one; a sidecar of an
        earlier pair is then removed.
    """
    with _alone(jpeg_path.parent):
        _write_pair(jpeg_path, jpeg, sidecar_file)


def _write_pair(jpeg_path: Path, jpeg: bytes, sidecar_file: bytes | None) -> None:
    path = naming.sidecar_of(jpeg_path)
    old = origin.old_record(jpeg_path)
    if sidecar_file is None and not os.path.lexists(path):
        write(jpeg_path, jpeg)
        return
    new = sidecar_file or origin.record_of_plain(jpeg)
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
