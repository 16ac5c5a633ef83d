"""No library writes to the terminal while comrec is called from Python."""

from __future__ import annotations

import contextlib
import warnings

import numpy as np
import pictures
import pytest
from PIL import Image

import comrec
from comrec.errors import ComrecError
from comrec.image import ifd
from comrec.jpeg import segments as seg

PNG, JPEG = pictures.photo_file(".png"), pictures.photo_file(".jpg")


def tiff(where: float, **options: object) -> bytes:
    """A TIFF whose pixels are damaged at a place between 0 and 1."""
    data = pictures.scientific_tiff(pictures.photo(), photometric="rgb", **options)
    page = ifd.first(data)
    places = page.numbers(273) or page.numbers(324)
    at = places[0] + int(where * (page.numbers(279) or page.numbers(325))[0])
    return data[:at] + b"\xff\x00\xaa" * 5 + data[at + 15 :]


def planes(**options: object) -> bytes:
    """A TIFF of planes in tiles, cut short inside: Pillow has to decode it."""
    pixels = np.ascontiguousarray(np.moveaxis(pictures.photo(), 2, 0))
    data = pictures.scientific_tiff(
        pixels, photometric="rgb", planarconfig="separate", tile=(16, 16), **options
    )
    page = ifd.first(data)
    short = ifd.whole(ifd.LONG, page.order, *[9] * len(page.numbers(325)))
    return ifd.with_directory(data, page.entries | {325: short})


DAMAGED = {
    "PNG, a pixel": pictures.png_of(4, 1, 8, 0, b"\0\1\2\3"),
    "PNG, a filter": pictures.png_of(4, 1, 8, 0, b"\x09\1\2\3\4"),
    "JPEG, coded data": JPEG[:-300] + b"\xff\xd0\0\0" + JPEG[-296:],
    "JPEG, EXIF": seg.insert(JPEG, [(seg.APP1, b"Exif\0\0II*\0\x08\0\0\0\xff")]),
    "TIFF, LZW": tiff(0, compression="lzw"),
    "TIFF, deflate": tiff(0.5, compression="zlib"),
    "TIFF, LZMA": tiff(0.2, compression="lzma"),
    "TIFF, packed planes of tiles": planes(compression="zlib"),
    "TIFF, JPEG": tiff(0.9, compression="jpeg"),
    "GIF": pictures.file_of(pictures.palette(), "GIF")[:-40],
    "WebP": pictures.photo_file(".webp").replace(b"VP8L", b"VP8L", 1)[:-30],
    "JPEG 2000": pictures.file_of(pictures.photo(), "JPEG2000")[:-400] + b"\xff\xd9",
    "AVIF": pictures.file_of(pictures.photo(), "AVIF").replace(b"mdat", b"mdat\xff"),
    "BMP": pictures.file_of(pictures.photo(), "BMP")[:-90],
    "PNM": b"P2 2 1 9\n1 t\n",
}


@pytest.mark.parametrize("name", DAMAGED)
def test_what_is_damaged_is_refused_or_taken_in_silence(name, capfd):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        with contextlib.suppress(ComrecError):
            comrec.compress(DAMAGED[name], jpeg_quality=30, effort=0, scale=1)
    assert capfd.readouterr() == ("", "")


def test_most_of_it_is_refused():  # else libraries have nothing to say
    refused = []
    for name, data in DAMAGED.items():
        try:
            comrec.compress(data, jpeg_quality=30, effort=0, scale=1)
        except ComrecError:
            refused.append(name)
    assert set(DAMAGED) - set(refused) <= {"JPEG, EXIF"}


@pytest.mark.parametrize("suffix", list(pictures.SAVES))
def test_pictures_beyond_the_limit_of_pillow_need_no_warning(
    suffix, capfd, monkeypatch
):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1500)  # a warning up to twice that
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        data = pictures.photo_file(suffix)
        made = comrec.compress(data, jpeg_quality=30, effort=0, scale=1)
        comrec.decompress(made.jpeg, made.sidecar)
    assert capfd.readouterr() == ("", "")
