"""Writing outputs: each appears whole or not at all, and never over an original."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from pathlib import Path

from comrec import container, image, naming, presets, sidecar
from comrec import segments as seg
from comrec.errors import JpegError, OutputError, SidecarError


def refuse_existing(path: Path, force: bool) -> None:
    """Raises OutputError if `path` is there and may not be replaced."""
    if not os.path.lexists(path):
        return
    if not force:
        raise OutputError(
            f"{path}: exists. Use -f to replace it, or -o for another name"
        )
    if not _is_ours(path):
        raise OutputError(
            f"{path}: exists and comrec did not make it. Move it away, or use -o for "
            f"another name"
        )


def _is_ours(path: Path) -> bool:
    if not path.is_file():
        return False
    if naming.is_output(path):
        return True
    try:
        data = path.read_bytes()
    except OSError:
        return False
    if data[:2] == b"\xff\xd8":
        return container.is_comrec(data)
    return data[:4] == b"\x89PNG" and image.PNG_SIGNATURE in data


def write(path: Path, data: bytes) -> None:
    """Writes a file under a temporary name, then gives it its own.

    Raises:
      OutputError: the folder cannot be written, or the disk is full.
    """
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
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


def write_pair(jpeg_path: Path, jpeg: bytes, sidecar_file: bytes | None) -> None:
    """Writes a .jpg and its sidecar, so that a kill leaves the old pair or the new.

    Two renames cannot happen at once. In between, the sidecar file holds the new
    record and the old one; whichever .jpg stands there, one of them fits it.

    Args:
      sidecar_file: None when the .jpg is whole without one; a sidecar of an
        earlier pair is then removed.
    """
    path = naming.sidecar_of(jpeg_path)
    old = _record_of(jpeg_path, path)
    if sidecar_file is None and not path.exists():
        write(jpeg_path, jpeg)
        return
    new = sidecar_file or _record_of_plain(jpeg)
    write(path, new + (old or b""))
    try:
        write(jpeg_path, jpeg)
    except BaseException:
        with contextlib.suppress(OSError, OutputError):
            path.unlink() if old is None else write(path, old)
        raise
    if sidecar_file is None:
        path.unlink(missing_ok=True)
    elif old is not None:
        write(path, new)


def _record_of(jpeg_path: Path, path: Path) -> bytes | None:
    """The line of an existing sidecar that fits the existing .jpg, if there is one."""
    try:
        jpeg = jpeg_path.read_bytes()
        records = sidecar.parse_json(path.read_bytes(), str(path))
        return next((r.to_json() for r in records if r.fits(jpeg)), None)
    except (OSError, SidecarError, JpegError):
        return None


def _record_of_plain(jpeg: bytes) -> bytes:
    height, width, _ = seg.frame_size(seg.parse(jpeg))
    return sidecar.Sidecar(presets.PLAIN, width, height, 1).paired(jpeg).to_json()
