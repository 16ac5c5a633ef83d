"""Files of strangers into memory: plain ones, and no larger than they can need be."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

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
