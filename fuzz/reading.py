"""Reads single pictures of any format, and makes valid ones as seeds."""

from __future__ import annotations

import os
import struct
import zlib

import trials
from trials import MAX_PIXELS, Violation

# isort: split
import pictures  # of the tests, whose folder `trials` puts on the path

from comrec.errors import ComrecError
from comrec.image import reader
from comrec.image.formats import png


def seeds() -> dict[str, bytes]:
    """Returns small pictures of all formats, by name: depths, frames and metadata."""
    files = pictures.exact_inputs() | pictures.deep_inputs()
    made = {name: data for name, (data, _) in files.items()} | pictures.animations()
    photo = pictures.photo()
    rich = {"exif": pictures.exif(6), "icc_profile": pictures.icc()}
    made |= {
        "photo.avif": pictures.file_of(photo, "AVIF", quality=50),
        "photo.jp2": pictures.file_of(photo, "JPEG2000"),
        "photo.j2k": pictures.file_of(photo, "JPEG2000", no_jp2=True),
        "plain.pgm": b"P2\n# grey\n3 2\n15\n1 2 3\n4 5 15\n",
        "plain.pbm": b"P1\n3 2\n101\n010\n",
        "cmyk.jpg": pictures.file_of(pictures.cmyk(), "JPEG"),
        "steps.jpg": pictures.file_of(photo, "JPEG", progressive=True, comment="c"),
        "rich.jpg": pictures.file_of(photo, "JPEG", xmp=pictures.XMP % 6, **rich),
        "rich.png": pictures.file_of(photo, "PNG", **rich),
        "rich.webp": pictures.file_of(photo, "WEBP", xmp=pictures.XMP % 6, **rich),
    }
    for method in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        made[f"{method}.tif"] = pictures.file_of(photo, "TIFF", compression=method)
    bits = pictures.palette().convert("1")
    made["fax.tif"] = pictures.file_of(bits, "TIFF", compression="group4")
    return made


def sealed(data: bytes) -> bytes:
    """Returns a file, of a PNG with correct checksums; else most mutants look alike."""
    if not data.startswith(png.SIGNATURE):
        return data
    parts, at = [png.SIGNATURE], len(png.SIGNATURE)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        body = data[at + 4 : at + 8 + length]
        parts += [data[at : at + 4], body, zlib.crc32(body).to_bytes(4, "big")]
        at += 12 + length
    return b"".join([*parts, data[at:]])


def read(data: bytes) -> str:
    """Reads a picture that may be damaged; returns "read" or "refused".

    Raises:
      Violation: the pixels make no sense, or a library wrote to stderr, which is
        seen only where stderr is a file.
    """
    before = os.fstat(2).st_size
    try:
        picture = reader.read(sealed(data), MAX_PIXELS)
    except ComrecError as err:
        outcome = trials.refusal(err)
    else:
        outcome = "read"
        height, width = picture.size
        shapes = {(height, width, 1), (height, width, 3)}
        alpha = picture.alpha
        if picture.pixels.shape not in shapes or height * width > MAX_PIXELS:
            raise Violation(f"pixels of {picture.pixels.shape}")
        if alpha is not None and alpha.shape != (height, width):
            raise Violation(f"an alpha channel of {alpha.shape}")
        if any("\n" in note for note in picture.notes):
            raise Violation(f"a note of several lines: {picture.notes}")
    if os.fstat(2).st_size > before:
        raise Violation("a library wrote to stderr")
    return outcome
