"""Reads the bytes of a picture file, within the limits."""

from __future__ import annotations

import os
from pathlib import Path

from comrec.errors import ImageError
from comrec.image.picture import MAX_PIXELS
from comrec.system import files


def load(
    source: bytes | str | os.PathLike[str], max_pixels: int = MAX_PIXELS
) -> tuple[bytes, str]:
    """Loads the bytes of a picture file.

    Args:
      source: path of the file, or its bytes.
      max_pixels: limit on the picture, which bounds the size of its file.

    Returns:
      The bytes, and the name of the file for messages.

    Raises:
      ImageError: the file cannot be read, or is too large for the limit.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source), "picture"
    path = Path(source)
    try:
        return files.read(path, files.picture_bytes(max_pixels)), str(path)
    except files.TooLargeError as err:
        raise ImageError(
            f"{path}: {err.strerror}, more than {max_pixels} pixels take. If the file "
            f"can be trusted, raise `max_pixels`"
        ) from err
    except OSError as err:
        raise ImageError(
            f"{path}: cannot be read ({err.strerror}). Check its name and permissions"
        ) from err


def is_jpeg(data: bytes) -> bool:
    """Tells whether data begin as a JPEG."""
    return data[:2] == b"\xff\xd8"
