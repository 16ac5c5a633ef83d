"""Reads files within a limit, writes them atomically, removes temporary files."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, BinaryIO

from comrec.errors import OutputError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

LOCK_WAIT_S, LOCK_STEP_S = 5.0, 0.02  # until another process frees a folder
PREFIX_LENGTH = 40  # characters of a file's name that its temporary name repeats
_TEMPORARY = re.compile(r"\..*\.[0-9a-f]{8}\.comrec\.tmp", re.DOTALL)
_DESCRIPTORS = "/proc/self/fd"


def write(path: Path, data: bytes, replace: bool = True) -> None:
    """Writes a file under a temporary name, then renames it; makes missing folders.

    A kill at any moment leaves the old file or the new one.

    Args:
      path: of the file.
      data: its content.
      replace: whether to replace a file at `path`, also one that appears meanwhile.

    Raises:
      OutputError: the folder cannot be written, the disk is full, or a file exists
        that is not to be replaced.
    """
    token = secrets.token_hex(4)
    temporary = path.with_name(f"{temporary_prefix(path.name)}{token}.comrec.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as life:
            unnamed = _open_unnamed(path.parent)
            with unnamed or open(temporary, "xb") as file:
                life.enter_context(_locked(file.fileno()))
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
                if unnamed:
                    _name(file.fileno(), temporary)
            if replace:
                os.replace(temporary, path)
            else:
                _rename_new(temporary, path)
        _sync_folder(path.parent)
    except OSError as err:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(err, FileExistsError) and not replace:
            raise OutputError(
                f"{path}: exists, since another program wrote it meanwhile. It was not "
                f"replaced; choose another name with `output`"
            ) from err
        reason = "the disk is full" if err.errno == errno.ENOSPC else err.strerror
        raise OutputError(
            f"{path}: cannot be written ({reason}). Nothing was left there; choose "
            f"another place with `output`"
        ) from err
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def copy_time(source: Path, outputs: Iterable[Path]) -> None:
    """Gives files the modification time of another file.

    Raises:
      OutputError: the time cannot be read or set.
    """
    try:
        time_ns = os.stat(source).st_mtime_ns
        for path in outputs:
            os.utime(path, ns=(time_ns, time_ns))
    except OSError as err:
        raise OutputError(
            f"{source}: its time cannot be kept ({err.strerror}). The outputs are "
            f"whole; leave out `keep_times`"
        ) from err


def _rename_new(temporary: Path, path: Path) -> None:
    """Renames a file; raises FileExistsError if `path` exists, without replacing it."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
        os.rename(temporary, path)
    else:
        os.unlink(temporary)


def temporary_prefix(name: str) -> str:
    """Returns the start of a file's temporary names. Two long names may share one."""
    # A temporary name takes at most 182 of the 255 bytes that file systems allow.
    return f".{name[:PREFIX_LENGTH]}."


def is_temporary(name: str) -> bool:
    """Tells whether a name has the form of the temporary names that `write` gives."""
    return bool(_TEMPORARY.fullmatch(name))


def sweep(folder: Path, start: str = ".") -> int:
    """Removes temporary files that killed processes left in a folder.

    A writer locks its temporary file, and the system frees the lock when the writer
    dies. So the test needs no clock, process number or age. Where files cannot be
    locked, no file is removed.

    Args:
      folder: may be missing.
      start: prefix of the names to remove; see `temporary_prefix`.

    Returns:
      The number of removed files.
    """
    try:
        names = os.listdir(folder) if fcntl else []
    except OSError:
        return 0
    mine = [n for n in names if n.startswith(start) and is_temporary(n)]
    return sum(_is_removed(folder / name) for name in mine)


def _is_removed(temporary: Path) -> bool:
    # Opened for writing, since file servers (NFS) refuse the lock otherwise.
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK
    with contextlib.suppress(OSError):
        handle = os.open(temporary, flags)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            about = os.fstat(handle)
            # The writer of an empty file may not have locked it yet.
            if stat.S_ISREG(about.st_mode) and about.st_size:
                os.unlink(temporary)
                return True
        finally:
            os.close(handle)
    return False


@contextlib.contextmanager
def _locked(descriptor: int) -> Iterator[None]:
    """Locks a file within the block, also after its descriptor is closed."""
    if not fcntl:
        yield
        return
    handle = os.dup(descriptor)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)  # `sweep` holds the lock briefly
        yield
    finally:
        os.close(handle)


def _open_unnamed(folder: Path) -> BinaryIO | None:
    """Opens a file without a name, which a kill leaves no trace of.

    Returns:
      The file, or None where the system has no such files.
    """
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
    # Without a folder's descriptor Python links the symbolic link, not the file.
    folder = os.open(path.parent, os.O_PATH)  # the folder may be unreadable
    try:
        os.link(f"{_DESCRIPTORS}/{descriptor}", path.name, src_dir_fd=folder,
                dst_dir_fd=folder)  # fmt: skip
    finally:
        os.close(folder)


def _sync_folder(folder: Path) -> None:
    """Flushes a folder to disk, and so a new name in it, where the system allows it."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Locks a folder, so that two processes do not mix their files in it.

    The block runs without the lock where folders cannot be locked, and after a wait
    of LOCK_WAIT_S.
    """
    handle = None
    with contextlib.suppress(OSError):
        if fcntl:
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


FILE_BYTES_PER_PIXEL = 8  # four channels of 16 bits, the most of any format
SLACK_BYTES = 2**26  # headers, metadata, thumbnails
_CHUNK_BYTES = 2**22


class TooLargeError(OSError):
    """Reports a file beyond the limit of a read."""


def picture_bytes(max_pixels: int) -> int:
    """Returns the legal size in bytes of a picture file of `max_pixels` pixels."""
    return FILE_BYTES_PER_PIXEL * max_pixels + SLACK_BYTES


def read(path: Path, max_bytes: int, pipes: bool = True) -> bytes:
    """Reads a whole file.

    Args:
      path: of the file.
      max_bytes: legal size; of a pipe at most one byte more is read.
      pipes: whether `path` may be a named pipe.

    Raises:
      TooLargeError: the file is larger.
      OSError: the file cannot be read, or is a folder or a device.
    """
    # Checked before opening: to open a pipe waits for a writer.
    kind = os.stat(path).st_mode
    if not (stat.S_ISREG(kind) or (pipes and stat.S_ISFIFO(kind))):
        code = errno.EISDIR if stat.S_ISDIR(kind) else errno.EINVAL
        reason = os.strerror(code) if code == errno.EISDIR else "not a plain file"
        raise OSError(code, reason)
    with open(path, "rb") as file:
        return read_bounded(file, max_bytes, os.fstat(file.fileno()).st_size)


def read_bounded(file: IO[bytes], max_bytes: int, expected_bytes: int = 0) -> bytes:
    """Reads the rest of an open file.

    Args:
      file: open for reading.
      max_bytes: legal size.
      expected_bytes: size, where it is known: such a file is read in one piece.

    Raises:
      TooLargeError: more than `max_bytes` are left.
    """
    parts: list[bytes] = []
    left = max_bytes + 1
    if expected_bytes < left:
        step = max(expected_bytes + 1, _CHUNK_BYTES)
        while left and (part := file.read(min(left, step))):
            parts.append(part)
            left -= len(part)
        if left:
            return b"".join(parts)
    raise TooLargeError(errno.EFBIG, f"larger than {max_bytes} bytes")


def file_identity(path: Path) -> object:
    """Returns a value that two names share where they name one file.

    Returns:
      The device and inode of an existing file; else the resolved path.
    """
    try:
        found = path.stat()
        return found.st_dev, found.st_ino
    except OSError:
        return os.path.normcase(os.path.realpath(path))
