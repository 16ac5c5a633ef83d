"""Reads the bytes of a picture file, within the limits."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

from comrec.errors import ImageError, naming_errors
from comrec.image.picture import MAX_PIXELS
from comrec.jpeg import lepton
from comrec.system import files

File = bytes | bytearray | memoryview | str | os.PathLike[str] | IO[bytes]


def load(source: File, max_pixels: int = MAX_PIXELS) -> tuple[bytes, str]:
    """Loads the bytes of a picture file; those of its JPEG, if that is packed.

    Args:
      source: path of the file, its bytes, or a file object that reads bytes.
      max_pixels: limit on the picture, which bounds the size of its file.

    Returns:
      The bytes, and the name of the file for messages.

    Raises:
      ImageError: the file cannot be read, or is too large for the limit.
      JpegError: a packed JPEG is damaged.
      UsageError: a JPEG is packed, and the Lepton library is not installed.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        data, name = bytes(source), "picture"
    elif not isinstance(source, str | os.PathLike):
        data, name = _read_stream(source, max_pixels)
    else:
        data, name = read(Path(source), max_pixels), str(Path(source))
    with naming_errors(name):
        return open_packed(data, max_pixels), name


def open_packed(data: bytes, max_pixels: int = MAX_PIXELS) -> bytes:
    """Returns the JPEG of a packed file, and other data as they are.

    Raises:
      JpegError: the packed file is damaged.
      UsageError: the Lepton library is not installed.
    """
    return lepton.unpack(data, max_pixels) if lepton.is_packed(data) else data


def read(path: Path, max_pixels: int = MAX_PIXELS) -> bytes:
    """Reads a picture file, packed or not, as it is.

    Raises:
      ImageError: the file cannot be read, or is too large for the limit.
    """
    try:
        return files.read(path, files.picture_bytes(max_pixels))
    except files.TooLargeError as err:
        raise _too_large(str(path), err, max_pixels) from err
    except OSError as err:
        raise ImageError(
            f"{path}: cannot be read ({err.strerror}). Check its name and permissions"
        ) from err


def _read_stream(stream: IO[bytes], max_pixels: int) -> tuple[bytes, str]:
    if not hasattr(stream, "read"):
        raise ImageError(
            "a picture is named by a path, bytes or a file object. Received: "
            f"{type(stream).__name__}"
        )
    name = getattr(stream, "name", None)
    name = name if isinstance(name, str) else "picture"
    try:
        data = files.read_bounded(stream, files.picture_bytes(max_pixels))
    except files.TooLargeError as err:
        raise _too_large(name, err, max_pixels) from err
    except (OSError, ValueError, TypeError) as err:  # closed, or a text file
        raise ImageError(
            f"{name}: cannot be read ({err}). Open the file in binary mode"
        ) from err
    return data, name


def _too_large(name: str, err: OSError, max_pixels: int) -> ImageError:
    return ImageError(
        f"{name}: {err.strerror}, more than {max_pixels} pixels take. If the file can "
        f"be trusted, raise `max_pixels`"
    )


def is_jpeg(data: bytes) -> bool:
    """Tells whether data begin as a JPEG."""
    return data[:2] == b"\xff\xd8"
