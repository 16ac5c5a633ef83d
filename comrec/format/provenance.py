"""Recognises files that comrec made, and pairs, by their content."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from comrec.errors import ComrecError, JpegError
from comrec.format import container, names, sidecar
from comrec.image import ifd, writer
from comrec.image.formats import png_text
from comrec.image.picture import MAX_PIXELS
from comrec.image.source import open_packed
from comrec.jpeg import lepton
from comrec.jpeg import segments as seg
from comrec.networks import presets
from comrec.system import files

JSON_START = b'{"comrec":'  # of every sidecar file
FIGURE_HEAD_BYTES = 2**12  # of a .png, which hold the mark of a figure
HEAD_BYTES = 2**18  # of a .jpg, which hold the marker unless metadata precede it
Signature = Callable[[bytes], bool]  # tells whether an app wrote a file's content


def is_whole(jpeg_path: Path) -> bool:
    """Tells whether a .jpg exists and a sidecar that it needs or has fits it.

    Args:
      jpeg_path: of the .jpg, or of a file in which it is packed.
    """
    sidecar_path = names.sidecar_of(jpeg_path)
    try:
        data = open_packed(_content(jpeg_path))
    except ComrecError:
        return False
    if container.is_comrec(data) and not container.needs_sidecar(data):
        return True  # the sidecar is embedded
    if container.needs_sidecar(data) or os.path.lexists(sidecar_path):
        return record_of(jpeg_path, sidecar_path) is not None
    return _is_jpeg(data)


def is_half(jpeg_path: Path) -> bool:
    """Tells whether one file of a pair exists without the other."""
    if os.path.lexists(names.sidecar_of(jpeg_path)):
        return not os.path.lexists(jpeg_path)
    return container.needs_sidecar(_content(jpeg_path))


def is_output(path: Path) -> bool:
    """Tells whether a file is an output of comrec, and so no input of `compress`.

    The name must be one that comrec gives. A .jpg with the marker or with a fitting
    sidecar counts under any name, packed or not, and so does a figure.
    """
    if names.is_output(path) and is_ours(path):
        return True
    if is_figure(path):
        return True
    suffix = Path(names.unpacked_name(path.name)).suffix.lower()
    return suffix in names.JPEGS and _is_compressed(path)


def is_figure(path: Path) -> bool:
    """Tells whether a file is a PNG that comrec drew, with curves and axes."""
    if path.suffix.lower() != ".png":
        return False
    return f"Software\0{png_text.FIGURE}".encode() in _content(path, FIGURE_HEAD_BYTES)


def is_ours(path: Path, signatures: Iterable[Signature] = ()) -> bool:
    """Tells whether a file's content shows that comrec made the file.

    A JPEG named *.comrec.jpg counts by its name, since the plain JPEGs of `compress`
    carry no mark, and a Lepton file by its first bytes. Restored .webp and .bmp files
    cannot be recognised.

    Args:
      path: of the file.
      signatures: for the files of an app, which the app knows and this module does not.
    """
    data = _content(path)
    if shows_maker(data, path.stem) or any(test(data) for test in signatures):
        return True
    return data[:2] == b"\xff\xd8" and _is_compressed(path)


def shows_maker(data: bytes, stem: str) -> bool:
    """Tells the same as `is_ours` from content and name, without a sidecar.

    Args:
      data: content of the file.
      stem: name of the file without its suffix.
    """
    if data[:2] == b"\xff\xd8":
        return stem.lower().endswith(".comrec") or _is_signed(data)
    is_text = data.startswith(JSON_START)
    return is_text or lepton.is_packed(data) or _is_signed(data)


def _is_jpeg(data: bytes) -> bool:
    try:
        seg.parse(data)
    except JpegError:
        return False
    return True


def _is_signed(data: bytes) -> bool:
    """Tells whether a picture names comrec as its software."""
    if data[:4] == b"\x89PNG":
        return writer.PNG_SIGNATURE in data
    try:
        if data[:2] == b"\xff\xd8":
            comments = seg.payloads(seg.parse(data), seg.COM, b"")
            return writer.SIGNATURE.encode() in comments
        software = ifd.first(data).entries[writer.SOFTWARE_TAG].value
        return software.rstrip(b"\0") == writer.SIGNATURE.encode()
    except Exception:  # a damaged picture is not signed
        return False


def _is_compressed(jpeg_path: Path) -> bool:
    # Cheap: the rest of the file is read only where its start holds the marker.
    head = _content(jpeg_path, HEAD_BYTES)
    if sidecar.MAGIC in head or lepton.is_packed(head):
        try:
            if container.is_comrec(open_packed(_content(jpeg_path))):
                return True
        except ComrecError:
            return False
    path = names.sidecar_of(jpeg_path)
    return os.path.isfile(path) and record_of(jpeg_path, path) is not None


def _content(path: Path, limit: int = -1) -> bytes:
    """Returns a file's first `limit` bytes, or all bytes for a negative limit.

    The result is empty for a file that is too large, unreadable or not a plain file.
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
    """Returns the line of a sidecar on disk that fits the .jpg on disk, or None.

    Args:
      jpeg_path: of the .jpg, which may be packed.
      path: of the sidecar.
    """
    try:
        jpeg = open_packed(_content(jpeg_path))
    except ComrecError:
        return None
    return fitting_record(jpeg, _content(path, container.max_sidecar_bytes(jpeg) + 1))


def can_be_unpacked(path: Path) -> bool:
    """Tells whether a packed file gives back a JPEG."""
    try:
        open_packed(_content(path))
    except ComrecError:
        return False
    return True


def old_record(jpeg_path: Path) -> bytes | None:
    """Returns the line that fits a .jpg on disk, of its sidecar or for a plain JPEG."""
    fitting = record_of(jpeg_path, names.sidecar_of(jpeg_path))
    return fitting or record_without(_content(jpeg_path))


def fitting_record(jpeg: bytes, sidecar_file: bytes) -> bytes | None:
    """Returns the line of a sidecar's content that fits a .jpg, packed or not."""
    try:
        jpeg = open_packed(jpeg)
        if len(sidecar_file) > container.max_sidecar_bytes(jpeg):
            return None
        records = sidecar.parse_json(sidecar_file, "")
        return next((r.to_json() for r in records if r.fits(jpeg)), None)
    except ComrecError:
        return None


def record_without(jpeg: bytes) -> bytes | None:
    """Returns a line for a plain JPEG, packed or not; None for one of a pair."""
    try:
        jpeg = open_packed(jpeg)
        return None if container.is_comrec(jpeg) else record_of_plain(jpeg)
    except ComrecError:
        return None


def record_of_plain(jpeg: bytes) -> bytes:
    """Returns a line that declares a .jpg, packed or not, to be the whole picture.

    Raises:
      ComrecError: the data are no JPEG.
    """
    jpeg = open_packed(jpeg)
    height, width, _ = seg.frame_size(seg.parse(jpeg))
    return sidecar.Sidecar(presets.PLAIN, width, height, 1).paired(jpeg).to_json()
