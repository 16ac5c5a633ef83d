"""Reads the CIFAR-100 python archive in bounded memory."""

from __future__ import annotations

import gzip
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from comrec.apps.autoencoder import pickles
from comrec.errors import UsageError

MEMBERS = ("cifar-100-python/train", "cifar-100-python/test")
MEMBER_MAX_BYTES = 2**28  # of each; the real ones have 155 and 31 million
ARCHIVE_MAX_BYTES = 2**29  # unpacked
SIDE_PX, CHANNELS = 32, 3
CHUNK_BYTES = 2**20
GET_ANOTHER = "Use cifar-100-python.tar.gz as its makers publish it"


def read_archive(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Reads the training and the test pictures of the archive, plain or .gz.

    The two members with pictures are read into memory, and the others are skipped. No
    file is unpacked to disk; links and folders are refused.

    Returns:
      Training and test pictures, uint8 (N, 32, 32, 3) each.

    Raises:
      UsageError: the archive cannot be read, is damaged, too large, or another one.
    """
    found: dict[str, np.ndarray] = {}
    try:
        with _open(path) as file:
            for name, data in _read_members(file):
                found.setdefault(name, _to_pictures(pickles.read(data), name))
                if len(found) == len(MEMBERS):
                    return found[MEMBERS[0]], found[MEMBERS[1]]
    except (tarfile.TarError, OSError, EOFError, zlib.error) as err:
        raise UsageError(
            f"{path}: cannot be read as an archive ({err}). {GET_ANOTHER}"
        ) from err
    except ValueError as err:
        raise UsageError(f"{path}: {err}. {GET_ANOTHER}") from err
    raise UsageError(
        f"{path}: another archive: {' and '.join(MEMBERS)} must be in it. {GET_ANOTHER}"
    )


File = BinaryIO | gzip.GzipFile


def _open(path: Path) -> File:
    with open(path, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path) if packed else open(path, "rb")


def _read_members(file: File) -> Iterator[tuple[str, bytes]]:
    """Yields the name and the content of the members in `MEMBERS`, in file order.

    Headers are read one by one, since `tarfile` would read long names and extended
    headers of any size.
    """
    seen = 0
    while block := file.read(tarfile.BLOCKSIZE).rstrip(b"\0"):
        info = tarfile.TarInfo.frombuf(
            block.ljust(tarfile.BLOCKSIZE, b"\0"), "ascii", "replace"
        )
        wanted = info.name in MEMBERS
        if wanted and not (info.isreg() and 0 <= info.size <= MEMBER_MAX_BYTES):
            raise ValueError(
                f"{info.name} must be a plain file of at most {MEMBER_MAX_BYTES} bytes"
            )
        padded = -(-info.size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
        seen += tarfile.BLOCKSIZE + padded
        if info.size < 0 or seen > ARCHIVE_MAX_BYTES:
            raise ValueError(f"beyond the limit of {ARCHIVE_MAX_BYTES} bytes, unpacked")
        parts = [part if wanted else b"" for part in _read_chunks(file, padded)]
        if wanted:
            yield info.name, b"".join(parts)[: info.size]


def _read_chunks(file: File, size: int) -> Iterator[bytes]:
    """Yields `size` bytes in chunks, so that a wrong size allocates no memory."""
    while size:
        part = file.read(min(size, CHUNK_BYTES))
        if not part:
            raise EOFError("cut off")
        size -= len(part)
        yield part


def _to_pictures(record: Any, name: str) -> np.ndarray:
    rows = record.get(b"data", record.get("data")) if isinstance(record, dict) else None
    values = SIDE_PX * SIDE_PX * CHANNELS
    if (
        not isinstance(rows, np.ndarray)
        or rows.dtype != np.uint8
        or rows.ndim != 2
        or rows.shape[1] != values
        or not len(rows)
    ):
        raise ValueError(f"{name} has no data of uint8 (N, {values})")
    planes = rows.reshape(-1, CHANNELS, SIDE_PX, SIDE_PX)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1))
