"""Formats are recognised by their first bytes; those not read are refused by name."""

from __future__ import annotations

import pictures
import pytest

from comrec.errors import ImageError
from comrec.image.formats import table
from comrec.image.notes import Notes

REFUSED = {
    "JPEG XL": b"\xff\x0a\xfa\x7f", "EPS": b"%!PS-Adobe-3.0 EPSF", "PDF": b"%PDF-1.4",
    "SVG": b'<?xml version="1.0"?>\n<SVG xmlns="http://www.w3.org/2000/svg"/>',
    "PSD": b"8BPS\0\1", r"camera raw \(RAF\)": b"FUJIFILMCCD-RAW 0201",
    r"camera raw \(CR3\)": b"\0\0\0\x18ftypcrx \0\0\0\1crx isom",
    r"camera raw \(CR2\)": b"II*\0\x10\0\0\0CR\2\0",
    r"camera raw \(RW2\)": b"IIU\0\x18",
    r"camera raw \(ORF\)": b"IIRO\x08", "OpenEXR": b"v/1\1", "JPEG XR": b"II\xbc\1",
    "JPEG-LS": b"\xff\xd8\xff\xf7\0\x14\x08\0\x20", "an icon": b"\0\0\1\0\1\0",
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_formats_that_are_not_read_are_refused_by_name_with_what_to_do(name):
    with pytest.raises(ImageError, match=rf"{name}, which comrec does not read\. \w+ "):
        table.parse(REFUSED[name], Notes())


@pytest.mark.parametrize("data", [b"", b"a text", bytes(40)])
def test_what_is_no_picture_is_called_so(data):
    with pytest.raises(ImageError, match=r"picture"):
        table.parse(data, Notes())


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP", "GIF", "BMP", "PPM",
                                  "AVIF", "JPEG2000"])  # fmt: skip
def test_the_size_is_known_before_pixels_are_decoded(kind):
    parsed = table.parse(pictures.file_of(pictures.photo(13, 17), kind), Notes())
    assert (parsed.height_px, parsed.width_px) == (13, 17)
