"""Recognises formats by their first bytes: those that are read, and those refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from comrec.errors import ImageError
from comrec.image.formats import (
    camera_raw,
    isobmff,
    jpeg,
    jpeg2000,
    png,
    simple,
    tiff,
    webp,
)
from comrec.image.formats.parsed import Parsed, unsupported
from comrec.image.notes import Notes

READS = "JPEG, PNG, TIFF, WebP, GIF, BMP, PNM, AVIF, JPEG 2000, HEIC"


class Format(NamedTuple):
    """Says how a format begins and what parses it."""

    starts: tuple[bytes, ...]
    parse: Callable[[bytes, Notes], Parsed]


FORMATS = (
    Format((b"\xff\xd8",), jpeg.parse),
    Format((png.SIGNATURE,), png.parse),
    Format((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), tiff.parse),
    Format((b"GIF87a", b"GIF89a"), simple.parse_gif),
    Format((b"BM",), simple.parse_bmp),
    Format((jpeg2000.BOX_START, jpeg2000.STREAM_START), jpeg2000.parse),
    Format(tuple(b"P%d" % n for n in range(1, 8)) + (b"PF", b"Pf"), simple.parse_pnm),
)
# What is refused by name, and what to do.
REFUSED = (
    ((b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n"), "JPEG XL",
     "Convert it to PNG with djxl, or back to its JPEG, first"),
    ((b"%!PS", b"\xc5\xd0\xd3\xc6"), "EPS",
     "Render it to PNG with Ghostscript or Inkscape first"),
    ((b"%PDF",), "PDF", "Render its pages to PNG with pdftoppm first"),
    ((b"8BPS",), "PSD", "Save it as PNG or TIFF in Photoshop, GIMP or Krita first"),
    ((b"gimp xcf",), "XCF", "Export it to PNG from GIMP first"),
    ((b"\x76\x2f\x31\x01",), "OpenEXR", "Convert it to 16-bit TIFF or PNG first"),
    ((b"#?RADIANCE", b"#?RGBE"), "Radiance HDR", "Convert it to 16-bit PNG first"),
    ((b"II\xbc\x01",), "JPEG XR", "Convert it to PNG or TIFF first"),
    ((b"\xff\xd8\xff\xf7",), "JPEG-LS", "Convert it to PNG or TIFF first"),
    ((b"SIMPLE  =",), "FITS", "Convert it to 16-bit TIFF first"),
    ((b"DDS ",), "DDS", "Convert it to PNG first"),
    ((b"\0\0\1\0", b"\0\0\2\0"), "an icon", "Convert it to PNG first"),
    ((b"qoif",), "QOI", "Convert it to PNG first"),
    ((b"\xff\x4f\xff\x50",), "High-Throughput JPEG 2000", "Convert it to PNG first"),
)  # fmt: skip
_TEXT_BYTES = 4096  # of a file, in which an SVG says that it is one


def parse(data: bytes, notes: Notes) -> Parsed:
    """Parses a picture file by the parser of its format.

    Args:
      data: the whole file.
      notes: take what of the file is left out.

    Raises:
      ImageError: the format is none that is read, or the file is damaged.
    """
    if not data:
        raise ImageError("empty file. A picture is expected")
    camera_raw.refuse_start(data)
    for starts, name, remedy in REFUSED:
        if data.startswith(starts):
            raise unsupported(name, remedy)
    for each in FORMATS:
        if data.startswith(each.starts):
            return each.parse(data, notes)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return webp.parse(data, notes)
    if isobmff.brands(data) & (isobmff.AVIF_BRANDS | isobmff.HEIC_BRANDS):
        return isobmff.parse(data, notes)
    start = data[:_TEXT_BYTES].lower()
    if b"<svg" in start:
        raise unsupported("SVG", "Render it to PNG with Inkscape or resvg first")
    raise ImageError(
        f"not a picture comrec reads, or its header is damaged. Convert it to one of "
        f"{READS}"
    )
