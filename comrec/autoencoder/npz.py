""".npz files of strangers: arrays, nothing else, and no more of them than is legal."""

from __future__ import annotations

import io
import math
import tokenize
import zipfile
import zlib
from pathlib import Path

import numpy as np


def read(file: Path | bytes, most_bytes: int) -> dict[str, np.ndarray]:
    """All arrays of an .npz, by name.

    Args:
      file: its path, or its bytes.
      most_bytes: that the arrays may take together.

    Raises:
      ValueError: whatever is wrong with it; nothing large was allocated.
    """
    source = io.BytesIO(file) if isinstance(file, bytes) else file
    try:
        with zipfile.ZipFile(source) as archive:
            members = archive.infolist()
            claimed = sum(member.file_size for member in members)
            if claimed > most_bytes:
                raise ValueError(f"{claimed} bytes of arrays, and {most_bytes} legal")
            return {
                member.filename.removesuffix(".npy"): _array(archive.read(member))
                for member in members
            }
    except (
        OSError, EOFError, KeyError, TypeError, RuntimeError, NotImplementedError,
        SyntaxError, tokenize.TokenError, zlib.error, zipfile.BadZipFile,
    ) as err:  # fmt: skip
        raise ValueError(str(err) or type(err).__name__) from err


def _array(data: bytes) -> np.ndarray:
    """One .npy, which says no more than is there."""
    stream = io.BytesIO(data)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError("an array of another version of the format")
    shape, by_columns, dtype = np.lib.format.read_array_header_1_0(stream)
    left = data[stream.tell() :]
    if dtype.hasobject or by_columns or math.prod(shape) * dtype.itemsize != len(left):
        raise ValueError("an array that is not what its header says")
    return np.frombuffer(left, dtype).reshape(shape)
