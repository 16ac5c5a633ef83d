"""Writing outputs: each appears whole or not at all, and never over an original."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from PIL import ExifTags

from comrec import container, loading, naming, presets, sidecar, writer
from comrec import segments as seg
from comrec.errors import JpegError, OutputError, SidecarError
from comrec.image import MAX_PIXELS
from comrec.opening import opened

JSON_START = b'{"comrec":'  # of every sidecar file
PAGE_START = b"<!doctype html>"
PAGE_SIGNATURE = b'<meta name="generator" content="comrec '  # near the start of a page
SVG_START, SVG_SIGNATURE = b"<?xml", b"<dc:title>comrec</dc:title>"  # of a figure
SUMMARY_START = b"codec\tversion\tchannels\tpictures\t"  # of `comrec evaluate`
CRAE_START = b"CRAE"  # of every autoencoder file
LOCK_WAIT_S, LOCK_STEP_S = 5.0, 0.02  # for another process to finish its pair
_DESCRIPTORS = "/proc/self/fd"
NAMED = 40  # characters of a file's name in that of its temporary file
HEAD_BYTES = 2**18  # of a .jpg: there the marker is, after other metadata at worst


def refuse_existing(path: Path, force: bool) -> None:
    """Raises OutputError if `path` is there and may not be replaced."""
    if not os.path.lexists(path):
        return
    if not force:
        raise OutputError(
            f"{path}: exists. Use -f to replace it, or -o for another name"
        )
    if not is_ours(path):
        raise OutputError(
            f"{path}: exists, and nothing in it shows that comrec made it. Move it "
            f"away, or use -o for another name"
        )


def refuse_shared(jpeg_path: Path) -> None:
    """Raises OutputError if the sidecar's name is that of another pair's."""
    path = naming.sidecar_of(jpeg_path)
    for rival in naming.rivals_of(jpeg_path):
        if _record_of(rival, path):
            raise OutputError(
                f"{jpeg_path}: its sidecar would be {path}, which belongs to {rival}. "
                f"Use -o for another name"
            )


def is_whole(jpeg_path: Path) -> bool:
    """Whether a .jpg is there, and the sidecar that it needs or has beside it fits."""
    data, sidecar_path = _content(jpeg_path), naming.sidecar_of(jpeg_path)
    if container.is_comrec(data) and not container.needs_sidecar(data):
        return True  # it is inside
    if container.needs_sidecar(data) or os.path.lexists(sidecar_path):
        return _record_of(jpeg_path, sidecar_path) is not None
    return os.path.isfile(jpeg_path)


def is_half(jpeg_path: Path) -> bool:
    """Whether one file of a pair is there without the other that it needs."""
    if os.path.lexists(naming.sidecar_of(jpeg_path)):
        return not os.path.lexists(jpeg_path)
    return container.needs_sidecar(_content(jpeg_path))


def is_output(path: Path) -> bool:
    """Whether a file is nothing to compress: comrec made it, and under its own name.

    A .jpg that says so, or that a sidecar fits, counts under any name.
    """
    named = naming.is_output(path) and is_ours(path)
    return named or (path.suffix.lower() in naming.JPEGS and _is_compressed(path))


def is_ours(path: Path) -> bool:
    """Whether comrec made a file, as its content shows.

    One name is trusted, *.comrec.jpg, and for a JPEG only: the plain JPEGs that
    `compress` falls back on carry nothing. Restored .webp and .bmp cannot be told.
    """
    data = _content(path)
    if shows_maker(data, path.stem):
        return True
    return data[:2] == b"\xff\xd8" and _is_compressed(path)


def shows_maker(data: bytes, stem: str) -> bool:
    """The same of a file's content and name alone, whatever stands beside it."""
    if data[:2] == b"\xff\xd8":
        return stem.lower().endswith(".comrec") or _is_signed(data)
    if data.startswith(PAGE_START):
        return PAGE_SIGNATURE in data[:1000]
    if data.startswith(SVG_START):
        return SVG_SIGNATURE in data[:4000]
    return (
        _is_signed(data)
        or data.startswith((JSON_START, SUMMARY_START))
        or _is_crae(data)
    )


def _is_crae(data: bytes) -> bool:
    """Whether it begins and ends as an autoencoder's file, checksum and all."""
    checksum = zlib.crc32(data[:-4]).to_bytes(4, "little")
    return data.startswith(CRAE_START) and data[-4:] == checksum


def _is_signed(data: bytes) -> bool:
    """Whether a picture names comrec as the software that wrote it."""
    if data[:4] == b"\x89PNG":
        return writer.PNG_SIGNATURE in data
    try:
        if data[:2] == b"\xff\xd8":
            comments = seg.payloads(seg.parse(data), seg.COM, b"")
            return writer.SIGNATURE.encode() in comments
        with opened(data, ("TIFF",)) as picture:
            tags = picture.getexif()
            return tags.get(ExifTags.Base.ProcessingSoftware) == writer.SIGNATURE
    except Exception:  # whatever is wrong with it, it is not signed
        return False


def _is_compressed(jpeg_path: Path) -> bool:
    # The marker stands first, but other programs may put their metadata before it.
    if sidecar.MAGIC in _content(jpeg_path, HEAD_BYTES):
        return container.is_comrec(_content(jpeg_path))
    path = naming.sidecar_of(jpeg_path)
    return os.path.isfile(path) and _record_of(jpeg_path, path) is not None


def _content(path: Path, limit: int = -1) -> bytes:
    """The file's first bytes; none if it is too large for comrec, or not a plain file.

    None as well if it cannot be read.
    """
    if not os.path.isfile(path):
        return b""
    try:
        if limit < 0:
            return loading.read(path, loading.picture_bytes(MAX_PIXELS), pipes=False)
        with open(path, "rb") as file:
            return file.read(limit)
    except OSError:
        return b""


def write(path: Path, data: bytes) -> None:
    """Writes a file under a temporary name, then gives it its own.

    Raises:
      OutputError: the folder cannot be written, or the disk is full.
    """
    # At most 175 bytes, whatever the script: names end at 255.
    temporary = path.with_name(f".{path.name[:NAMED]}.{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unnamed = _open_unnamed(path.parent)
        with unnamed or open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            if unnamed:
                _name(file.fileno(), temporary)
        os.replace(temporary, path)
        _sync_folder(path.parent)
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


def _open_unnamed(folder: Path) -> BinaryIO | None:
    """A file that has no name yet, so that a kill leaves none of it; None elsewhere."""
    if not (hasattr(os, "O_TMPFILE") and os.path.isdir(_DESCRIPTORS)):
        return None
    flags = os.O_TMPFILE | os.O_WRONLY
    try:
        return open(folder, "xb", opener=lambda name, _: os.open(name, flags, 0o666))
    except OSError as err:
        if err.errno in (errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL):
            return None  # not on this file system
        raise


def _name(descriptor: int, path: Path) -> None:
    # With a folder's descriptor given, or Python would link the link to the file.
    folder = os.open(path.parent, os.O_PATH)  # it may be closed to readers
    try:
        os.link(f"{_DESCRIPTORS}/{descriptor}", path.name, src_dir_fd=folder,
                dst_dir_fd=folder)  # fmt: skip
    finally:
        os.close(folder)


def _sync_folder(folder: Path) -> None:
    """The new name is on disk as well, where folders can be synchronised."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keeps other processes from writing a pair in the folder: one could be of two.

    Only where folders can be locked; and nobody waits for ever.
    """
    handle = None
    with contextlib.suppress(ImportError, OSError):
        import fcntl

        handle = os.open(folder, os.O_RDONLY)
        for _ in range(round(LOCK_WAIT_S / LOCK_STEP_S)):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(LOCK_STEP_S)
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)


def write_pair(jpeg_path: Path, jpeg: bytes, sidecar_file: bytes | None) -> None:
    """Writes a .jpg and its sidecar, so that a kill leaves the old pair or the new.

    Two renames cannot happen at once. In between, the sidecar file holds the new
    record and the old one; whichever .jpg stands there, one of them fits it.

    Args:
      sidecar_file: None when the .jpg is whole without one; a sidecar of an
        earlier pair is then removed.
    """
    with _alone(jpeg_path.parent):
        _write_pair(jpeg_path, jpeg, sidecar_file)


def _write_pair(jpeg_path: Path, jpeg: bytes, sidecar_file: bytes | None) -> None:
    path = naming.sidecar_of(jpeg_path)
    old = _record_of(jpeg_path, path) or _record_without(jpeg_path)
    if sidecar_file is None and not os.path.lexists(path):
        write(jpeg_path, jpeg)
        return
    new = sidecar_file or record_of_plain(jpeg)
    before = path.read_bytes() if os.path.isfile(path) else None
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
    return fitting_record(_content(jpeg_path), _content(path))


def _record_without(jpeg_path: Path) -> bytes | None:
    return record_without(_content(jpeg_path))


def fitting_record(jpeg: bytes, sidecar_file: bytes) -> bytes | None:
    """The line of a sidecar file that fits a .jpg, if there is one."""
    try:
        records = sidecar.parse_json(sidecar_file, "")
        return next((r.to_json() for r in records if r.fits(jpeg)), None)
    except (SidecarError, JpegError):
        return None


def record_without(jpeg: bytes) -> bytes | None:
    """A line for an existing plain JPEG, which has no sidecar to take one from."""
    try:
        return None if container.is_comrec(jpeg) else record_of_plain(jpeg)
    except JpegError:
        return None


def record_of_plain(jpeg: bytes) -> bytes:
    """A line that says of a .jpg that it is whole."""
    height, width, _ = seg.frame_size(seg.parse(jpeg))
    return sidecar.Sidecar(presets.PLAIN, width, height, 1).paired(jpeg).to_json()
