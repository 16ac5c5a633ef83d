"""Reads picture files: limits, decoding, orientation, depth, metadata."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from comrec.errors import ImageError
from comrec.image import depth, ifd, xmp
from comrec.image.formats import decoders, table
from comrec.image.formats.parsed import Parsed, damaged
from comrec.image.metadata import Metadata
from comrec.image.notes import Notes
from comrec.image.picture import MAX_PIXELS, Picture, check_size

_TURNS = {
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: np.swapaxes(a, 0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.swapaxes(a[::-1, ::-1], 0, 1),
    8: lambda a: np.rot90(a),
}


def read(data: bytes, max_pixels: int = MAX_PIXELS) -> Picture:
    """Decodes a picture file.

    Args:
      data: the whole file.
      max_pixels: limit, checked in the header before pixels are decoded.

    Raises:
      ImageError: the data are no picture, damaged, cut off, or beyond the limit.
    """
    notes = Notes()
    parsed = _parse(data, notes)
    picture = _read(parsed, max_pixels, notes)
    return turned(picture, _orientation(parsed), notes)


def read_unturned(data: bytes, max_pixels: int, notes: Notes) -> Picture:
    """Decodes a picture file as its pixels lie, with the metadata of the upright one.

    `turned` turns it by its `orientation`. Arguments and errors are those of `read`;
    `notes` take what is left out.
    """
    return _read(_parse(data, notes), max_pixels, notes)


def _read(parsed: Parsed, max_pixels: int, notes: Notes) -> Picture:
    check_size(parsed.height_px, parsed.width_px, max_pixels)
    pixels, alpha = _decode(parsed, notes)
    metadata = upright(parsed.metadata, notes)
    if "CMYK" in notes.left_out:  # the profile describes inks
        metadata = replace(metadata, icc=None)
    if parsed.bits > 8 and parsed.format != "BMP":
        notes.leave_out("bit depth", depth.note(parsed.bits))
    return Picture(pixels, alpha, metadata)


def turned(picture: Picture, orientation: int, notes: Notes) -> Picture:
    """Turns a picture upright, and gives it its notes.

    Args:
      picture: with the metadata of the upright picture; see `upright`.
      orientation: of its pixels, as EXIF numbers it; others than 2 to 8 are upright.
      notes: on the picture.
    """
    turn = _TURNS.get(orientation, lambda a: a)
    alpha = picture.alpha
    return Picture(
        np.ascontiguousarray(turn(picture.pixels)),
        None if alpha is None else np.ascontiguousarray(turn(alpha)),
        picture.metadata,
        tuple(notes.lines),
        tuple(notes.left_out),
    )


def orientation(data: bytes) -> int:
    """Returns the EXIF orientation of a picture file, 1 to 8; 1 is upright."""
    turn = _orientation(_parse(data, Notes()))
    return turn if turn in _TURNS else 1


def _parse(data: bytes, notes: Notes) -> Parsed:
    try:
        return table.parse(data, notes)
    except MemoryError as err:
        raise ImageError("not enough memory for this picture. Reduce it first") from err


def _decode(parsed: Parsed, notes: Notes) -> tuple[np.ndarray, np.ndarray | None]:
    """Returns pixels, uint8 (H, W, 1|3), and alpha, uint8 (H, W) or None."""
    try:
        found = decoders.decode(parsed.format, parsed.bits, parsed.clean)
        if found.samples.shape[:2] != (parsed.height_px, parsed.width_px):
            raise damaged("its header names another size than its data")
        colours, alpha = decoders.split(found)
        colours = depth.to_8_bits(colours)
        if found.space == decoders.CMYK:
            notes.leave_out("CMYK", "CMYK came, RGB is kept")
            colours = decoders.from_cmyk(colours, parsed.metadata.icc)
    except MemoryError as err:
        raise ImageError("not enough memory for this picture. Reduce it first") from err
    if alpha is None or not parsed.has_alpha:
        return colours, None
    return colours, depth.to_8_bits(alpha)


def _orientation(parsed: Parsed) -> int:
    """Returns the orientation, which XMP gives where EXIF has none."""
    exif = ifd.orientation(parsed.metadata.exif or b"")
    return parsed.turn or exif or xmp.orientation(parsed.metadata.xmp) or 1


def upright(metadata: Metadata, notes: Notes) -> Metadata:
    """Returns the metadata of an upright picture; of EXIF two bytes change."""
    exif, packet = metadata.exif, metadata.xmp
    if exif:
        try:
            ifd.first(exif)
            if ifd.orientation(exif):
                exif = ifd.with_orientation(exif, 1)
        except ifd.DirectoryError:
            exif = None
            notes.leave_out("exif", "EXIF left out: it is damaged")
    return replace(metadata, exif=exif, xmp=xmp.upright(packet) if packet else None)
