"""Which files comrec made, and which two belong together, as their content shows."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

from PIL import ExifTags

from comrec.errors import JpegError, SidecarError
from comrec.format import container, names, sidecar
from comrec.image import writer
from comrec.image.picture import MAX_PIXELS
from comrec.jpeg import segments as seg
from comrec.networks import presets
from comrec.system import files
from comrec.system.pillow import open_picture

JSON_START = b'{"comrec":'  # of every sidecar file
PAGE_START = b"<!doctype html>"
PAGE_SIGNATURE = b'<meta name="generator" content="comrec '  # near the start of a page
SVG_START, SVG_SIGNATURE = b"<?xml", b"<dc:title>comrec</dc:title>"  # of a figure
SUMMARY_START = b"codec\tversion\tchannels\tpictures\t"  # of `comrec evaluate`
CRAE_START = b"CRAE"  # of every autoencoder file
HEAD_BYTES = 2**18  # of a .jpg: there the marker is, after other metadata at worst


def is_whole(jpeg_path: Path) -> bool:
    """Whether a .jpg is there, and the sidecar that it needs or has beside it fits."""
    data, sidecar_path = _content(jpeg_path), names.sidecar_of(jpeg_path)
    if container.is_comrec(data) and not container.needs_sidecar(data):
        return True  # it is inside
    if container.needs_sidecar(data) or os.path.lexists(sidecar_path):
        return record_of(jpeg_path, sidecar_path) is not None
    return os.path.isfile(jpeg_path)


def is_half(jpeg_path: Path) -> bool:
    """Whether one file of a pair is there without the other that it needs."""
    if os.path.lexists(names.sidecar_of(jpeg_path)):
        return not os.path.lexists(jpeg_path)
    return container.needs_sidecar(_content(jpeg_path))


def is_output(path: Path) -> bool:
    """Whether a file is nothing to compress: comrec made it, and under its own name.

    A .jpg that says so, or that a sidecar fits, counts under any name.
    """
    named = names.is_output(path) and is_ours(path)
    return named or (path.suffix.lower() in names.JPEGS and _is_compressed(path))


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
        with open_picture(data, ("TIFF",)) as picture:
            tags = picture.getexif()
            return tags.get(ExifTags.Base.ProcessingSoftware) == writer.SIGNATURE
    except Exception:  # whatever is wrong with it, it is not signed
        return False


def _is_compressed(jpeg_path: Path) -> bool:
    # The marker stands first, but other programs may put their metadata before it.
    if sidecar.MAGIC in _content(jpeg_path, HEAD_BYTES):
        return container.is_comrec(_content(jpeg_path))
    path = names.sidecar_of(jpeg_path)
    return os.path.isfile(path) and record_of(jpeg_path, path) is not None


def _content(path: Path, limit: int = -1) -> bytes:
    """The file's first bytes; none if it is too large for comrec, or not a plain file.

    None as well if it cannot be read.
    """
    if not os.path.isfile(path):
        return b""
    try:
        if limit < 0:
            return files.read(path, files.picture_bytes(MAX_PIXELS), pipes=False)
        with open(path, "rb") as file:
            return file.read(limit)
    except OSError:
        return b""


def record_of(jpeg_path: Path, path: Path) -> bytes | None:
    """The line of an existing sidecar that fits the existing .jpg, if there is one."""
    return fitting_record(_content(jpeg_path), _content(path))


def old_record(jpeg_path: Path) -> bytes | None:
    """The line that fits an existing .jpg: of its sidecar, or of a plain JPEG."""
    fitting = record_of(jpeg_path, names.sidecar_of(jpeg_path))
    return fitting or record_without(_content(jpeg_path))


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
