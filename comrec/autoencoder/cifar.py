"""The CIFAR-100 python archive, whose pickles are read without running anything."""

from __future__ import annotations

import io
import lzma
import pickle
import tarfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from comrec.errors import UsageError

MEMBERS = ("cifar-100-python/train", "cifar-100-python/test")
MEMBER_MAX_BYTES = 2**28  # of one; the real ones have 155 and 31 million
SIDE_PX, CHANNELS = 32, 3
GET_ANOTHER = "Use cifar-100-python.tar.gz as its makers publish it"


def read_archive(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Training and test pictures of the archive: uint8 (N, 32, 32, 3).

    Only the two members with pictures are looked at, in memory: nothing is unpacked
    to disk, and links, folders and oversized members are refused.

    Raises:
      UsageError: unreadable, damaged, or another archive.
    """
    try:
        with tarfile.open(path) as archive:
            train, test = (_member(archive, name) for name in MEMBERS)
    except KeyError as err:
        raise UsageError(
            f"{path}: another archive: {' and '.join(MEMBERS)} must be in it. "
            f"{GET_ANOTHER}"
        ) from err
    except (tarfile.TarError, OSError, EOFError, zlib.error, lzma.LZMAError) as err:
        raise UsageError(
            f"{path}: cannot be read as an archive ({err}). {GET_ANOTHER}"
        ) from err
    except ValueError as err:
        raise UsageError(f"{path}: {err}. {GET_ANOTHER}") from err
    return train, test


def _member(archive: tarfile.TarFile, name: str) -> np.ndarray:
    member = archive.getmember(name)
    if not member.isreg() or member.size > MEMBER_MAX_BYTES:
        raise ValueError(
            f"{name} must be a plain file of at most {MEMBER_MAX_BYTES} bytes"
        )
    file = archive.extractfile(member)
    data = file.read() if file else b""
    return _pictures(unpickle(data), name)


def _pictures(record: Any, name: str) -> np.ndarray:
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


def unpickle(data: bytes) -> Any:
    """What a pickle of dict, list, bytes, str, int and ndarray holds.

    Raises:
      ValueError: it names anything else, or is damaged.
    """
    try:
        return _Unpickler(io.BytesIO(data), encoding="bytes").load()
    except ValueError:
        raise
    except Exception as err:  # damage takes many forms
        raise ValueError(f"a damaged pickle ({type(err).__name__})") from err


class _Unpickler(pickle.Unpickler):
    """Knows what an ndarray of numbers is made of, and nothing else by name."""

    def find_class(self, module: str, name: str) -> Any:
        # NumPy's core has been called two things, and its pickles name both.
        known = {
            ("numpy.core.multiarray", "_reconstruct"): _empty,
            ("numpy._core.multiarray", "_reconstruct"): _empty,
            ("numpy", "ndarray"): np.ndarray,
            ("numpy", "dtype"): _dtype,
            ("numpy.core.numeric", "_frombuffer"): _filled,
            ("numpy._core.numeric", "_frombuffer"): _filled,
            ("_codecs", "encode"): _encode,
        }
        if (module, name) not in known:
            raise ValueError(
                f"a pickle that names {module}.{name}, and only dict, list, bytes and "
                f"ndarray are read"
            )
        return known[module, name]

    def persistent_load(self, pid: Any) -> Any:
        raise ValueError("a pickle with persistent names")


def _empty(kind: Any, shape: Any, code: Any) -> np.ndarray:
    """What NumPy's pickles begin an array with; its state then fills it."""
    if kind is not np.ndarray or shape != (0,):
        raise ValueError("a pickle of an array that is not plain")
    return np.ndarray((0,), np.uint8)


def _filled(data: Any, kind: Any, shape: Any, order: Any) -> np.ndarray:
    """What protocol 5 makes an array of."""
    return np.frombuffer(data, kind).reshape(shape, order=order)


def _dtype(code: Any, *_: Any) -> np.dtype:
    name = code.decode("ascii") if isinstance(code, bytes) else code
    if name not in ("u1", "i1", "i2", "i4", "i8", "u2", "u4", "u8", "f4", "f8"):
        raise ValueError(f"a pickle of an array of {name!r}, and only numbers are read")
    return np.dtype(name)


def _encode(text: str, encoding: str = "utf-8") -> bytes:
    """How protocol 2 spells bytes."""
    if encoding not in ("latin1", b"latin1"):
        raise ValueError("a pickle of bytes in an unknown spelling")
    return text.encode("latin1")
