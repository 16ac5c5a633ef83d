""".npz files of strangers: arrays, nothing else, and no more of them than is legal."""

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
    file: Path | bytes, most_bytes: int, names: Sequence[str] = ()
) -> dict[str, np.ndarray]:
    """The arrays of an .npz, by name.

    Args:
      file: its path, or its bytes.
      most_bytes: that the arrays may take together.
      names: of the arrays that are read, if not all are.

    Raises:
      ValueError: whatever is wrong with it; nothing large was allocated.
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
            if claimed > most_bytes:
                raise ValueError(f"{claimed} bytes of arrays, and {most_bytes} legal")
            if any(member.compress_type not in PACKED for member in wanted.values()):
                raise ValueError("packed in another way than NumPy does")
            return {name: _array(archive.read(wanted[name])) for name in wanted}
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
    start = stream.tell()
    size = math.prod(shape) * dtype.itemsize
    if dtype.hasobject or by_columns or size != len(data) - start:
        raise ValueError("an array that is not what its header says")
    return np.frombuffer(data, dtype, offset=start).reshape(shape)
