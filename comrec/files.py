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


def refuse_shared(jpeg_path: Path) -> None:
    """Raises OutputError if the sidecar's name is that of another pair's."""
    path, twin = naming.sidecar_of(jpeg_path), naming.twin_of(jpeg_path)
    if path.exists() and twin.exists() and _record_of(twin, path):
        raise OutputError(
            f"{jpeg_path}: its sidecar would be {path}, which belongs to {twin}. Use "
            f"-o for another name"
        )


def _is_ours(path: Path) -> bool:
    try:
        data = path.read_bytes()
    except OSError:
        return False
    if data[:4] == b"\x89PNG":  # a photo.restored.png may be anybody's
        return image.PNG_SIGNATURE in data
    return naming.is_output(path) or container.is_comrec(data)


def write(path: Path, data: bytes) -> None:
    """Writes a file under a temporary name, then gives it its own.

    Raises:
      OutputError: the folder cannot be written, or the disk is full.
    """
    # At most 175 bytes, whatever the script: names end at 255.
    temporary = path.with_name(f".{path.name[:40]}.{secrets.token_hex(4)}.tmp")
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
    old = _record_of(jpeg_path, path) or _record_without(jpeg_path)
    if sidecar_file is None and not path.exists():
        write(jpeg_path, jpeg)
        return
    new = sidecar_file or _record_of_plain(jpeg)
    before = path.read_bytes() if path.exists() else None
    write(path, new + (old or b""))
    try:
        write(jpeg_path, jpeg)
    except BaseException:
        with contextlib.suppress(OSError, OutputError):
            if not (jpeg_path.exists() and jpeg_path.read_bytes() == jpeg):
                path.unlink() if before is None else write(path, before)
        raise
    # The new pair is whole: what is left to do is to tidy up.
    with contextlib.suppress(OSError, OutputError):
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


def _record_without(jpeg_path: Path) -> bytes | None:
    """A line for an existing plain JPEG, which has no sidecar to take one from."""
    try:
        jpeg = jpeg_path.read_bytes()
        return None if container.is_comrec(jpeg) else _record_of_plain(jpeg)
    except (OSError, JpegError):
        return None


def _record_of_plain(jpeg: bytes) -> bytes:
    height, width, _ = seg.frame_size(seg.parse(jpeg))
    return sidecar.Sidecar(presets.PLAIN, width, height, 1).paired(jpeg).to_json()
