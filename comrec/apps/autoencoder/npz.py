"""Reads .npz files of unknown origin: arrays alone, in bounded memory."""

from __future__ import annotations

import io
import math
import tokenize
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def read(
    file: Path | bytes, max_bytes: int, names: Sequence[str] = ()
) -> dict[str, np.ndarray]:
    """Reads the arrays of an .npz, by name.

    Args:
      file: path or content.
      max_bytes: of all arrays together.
      names: of the arrays to read; empty for all.

    Raises:
      ValueError: the file cannot be read, is damaged, too large, or holds other
        objects. No large memory is allocated.
    """
    source = io.BytesIO(file) if isinstance(file, bytes) else file
    try:
        with zipfile.ZipFile(source) as archive:
            members = {
                member.filename.removesuffix(".npy"): member
                for member in archive.infolist()
            }
            wanted = {name: members[name] for name in names or members}
            claimed = sum(member.file_size for member in wanted.values())
            if claimed > max_bytes:
                raise ValueError(f"{claimed} bytes of arrays, and {max_bytes} legal")
            if any(member.compress_type not in PACKED for member in wanted.values()):
                raise ValueError("packed by another method than NumPy's")
            return {name: _parse_array(archive.read(wanted[name])) for name in wanted}
    except (
        OSError, EOFError, KeyError, TypeError, RuntimeError, NotImplementedError,
        SyntaxError, tokenize.TokenError, zlib.error, zipfile.BadZipFile,
    ) as err:  # fmt: skip
        raise ValueError(str(err) or type(err).__name__) from err


def _parse_array(data: bytes) -> np.ndarray:
    """Reads one .npy, whose header must fit its bytes."""
    stream = io.BytesIO(data)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError("an array of another version of the format")
    shape, by_columns, dtype = np.lib.format.read_array_header_1_0(stream)
    start = stream.tell()
    size = math.prod(shape) * dtype.itemsize
    if dtype.hasobject or by_columns or size != len(data) - start:
        raise ValueError("an array that does not fit its header")
    return np.frombuffer(data, dtype, offset=start).reshape(shape)
