"""One file, written whole or not at all, and what killed processes left of it."""

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
from typing import BinaryIO

from comrec.errors import OutputError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

LOCK_WAIT_S, LOCK_STEP_S = 5.0, 0.02  # for another process to finish its pair
NAMED = 40  # characters of a file's name in that of its temporary file
_TEMPORARY = re.compile(r"\..*\.[0-9a-f]{8}\.comrec\.tmp", re.DOTALL)
_DESCRIPTORS = "/proc/self/fd"


def write(path: Path, data: bytes) -> None:
    """Writes a file under a temporary name, then gives it its own.

    Raises:
      OutputError: the folder cannot be written, or the disk is full.
    """
    token = secrets.token_hex(4)
    temporary = path.with_name(f"{beginning(path.name)}{token}.comrec.tmp")
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


def beginning(name: str) -> str:
    """Of the temporary names of a file; two long names may share it."""
    return f".{name[:NAMED]}."  # 182 bytes in all, at most, of the 255 that names have


def is_temporary(name: str) -> bool:
    """Whether only `write` gives such a name."""
    return bool(_TEMPORARY.fullmatch(name))


def sweep(folder: Path, start: str = ".") -> int:
    """Removes temporary files that killed processes left in a folder.

    Who writes one holds its lock as long as it has that name, and the system takes
    the lock from the dead: no clock, process number or age is asked. Nothing goes
    where files cannot be locked.

    Args:
      folder: it need not be there.
      start: of the names of those to remove; see `beginning`.

    Returns:
      How many there were.
    """
    try:
        names = os.listdir(folder) if fcntl else []
    except OSError:
        return 0
    mine = [n for n in names if n.startswith(start) and is_temporary(n)]
    return sum(_is_removed(folder / name) for name in mine)


def _is_removed(temporary: Path) -> bool:
    # For writing, or network file systems refuse the lock.
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK
    with contextlib.suppress(OSError):
        handle = os.open(temporary, flags)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            about = os.fstat(handle)
            # One that is empty may be of a writer who has yet to lock it.
            if stat.S_ISREG(about.st_mode) and about.st_size:
                os.unlink(temporary)
                return True
        finally:
            os.close(handle)
    return False


@contextlib.contextmanager
def _locked(descriptor: int) -> Iterator[None]:
    """Shows that the writer of a file lives, also after its descriptor is closed."""
    if not fcntl:
        yield
        return
    handle = os.dup(descriptor)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)  # nobody else has it for long
        yield
    finally:
        os.close(handle)


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
def alone(folder: Path) -> Iterator[None]:
    """Keeps other processes from writing a pair in the folder: one could be of two.

    Only where folders can be locked; and nobody waits for ever.
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


FILE_BYTES_PER_PIXEL = 8  # four channels of 16 bits, and no format takes more
SLACK_BYTES = 2**26  # headers, metadata, thumbnails
_CHUNK_BYTES = 2**22


class TooLargeError(OSError):
    """A file is beyond the limit."""


def picture_bytes(max_pixels: int) -> int:
    """What the file of a picture of so many pixels may take."""
    return FILE_BYTES_PER_PIXEL * max_pixels + SLACK_BYTES


def read(path: Path, most_bytes: int, pipes: bool = True) -> bytes:
    """A file's content.

    Args:
      most_bytes: a larger file is refused; not much more is ever read of a pipe.
      pipes: a named pipe is read too; else only what a disk holds.

    Raises:
      OSError: it cannot be read, is a folder or a device, or too large.
    """
    # Not to wait for whoever should open the other end, where pipes are refused.
    kind = os.stat(path).st_mode
    if not (stat.S_ISREG(kind) or (pipes and stat.S_ISFIFO(kind))):
        code = errno.EISDIR if stat.S_ISDIR(kind) else errno.EINVAL
        said = os.strerror(code) if code == errno.EISDIR else "not a plain file"
        raise OSError(code, said)
    with open(path, "rb") as file:
        return bounded(file, most_bytes, os.fstat(file.fileno()).st_size)


def bounded(file: BinaryIO, most_bytes: int, expected_bytes: int = 0) -> bytes:
    """What is left of an open file; TooLargeError where that is more than the limit."""
    parts: list[bytes] = []
    left = most_bytes + 1
    if expected_bytes < left:
        step = max(expected_bytes + 1, _CHUNK_BYTES)  # a plain file comes in one piece
        while left and (part := file.read(min(left, step))):
            parts.append(part)
            left -= len(part)
        if left:
            return b"".join(parts)
    raise TooLargeError(errno.EFBIG, f"larger than {most_bytes} bytes")


def walk_files(folder: Path) -> Iterable[Path]:
    # Links to folders are not followed: they can lead round in a ring, or outside.
    for parent, _, names in os.walk(folder):
        for path in (Path(parent) / name for name in names):
            # A link to nothing is a picture that is missing, and that will be said; a
            # pipe or a device is none.
            if os.path.isfile(path) or not os.path.exists(path):
                yield path


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
