"""JPEGs in TIFFs that Pillow has to decode: whole ones are read, others refused."""

from __future__ import annotations

import numpy as np
import pictures
import pytest

from comrec.errors import ImageError
from comrec.image import ifd, reader

SIDE = 1024  # of a tile far larger than the picture
PHOTO = pictures.photo()
HEIGHT, WIDTH = PHOTO.shape[:2]


def tiff_of(jpeg: bytes, kind: str, tables: bytes = b"") -> bytes:
    """A TIFF with a JPEG inside: as one huge tile, or as JPEG of before TIFF 6.0."""
    data = pictures.file_of(PHOTO, "TIFF")
    page = ifd.first(data)
    data += b"\0" * (len(data) % 2)

    def tag(*numbers: int) -> ifd.Entry:
        return ifd.whole(ifd.LONG, page.order, *numbers)

    place, size = tag(len(data)), tag(len(jpeg))
    tags = {t: e for t, e in page.entries.items() if t not in (273, 278, 279)}
    tags |= {262: tag(6), 530: ifd.whole(ifd.SHORT, page.order, 2, 2)}
    if kind == "huge tile":
        tags |= {259: tag(7), 322: tag(SIDE), 323: tag(SIDE), 324: place, 325: size}
    else:
        tags |= {259: tag(6), 512: tag(1), 513: place, 514: size}
        tags |= {273: place, 278: tag(HEIGHT), 279: size}
    if tables:
        tags[347] = ifd.Entry(7, len(tables), tables, 0)
    return ifd.with_directory(data + jpeg, tags)


def jpeg_for(kind: str) -> bytes:
    pixels = PHOTO
    if kind == "huge tile":
        pixels = np.zeros((SIDE, SIDE, 3), np.uint8)
        pixels[:HEIGHT, :WIDTH] = PHOTO
    return pictures.file_of(pixels, "JPEG", quality=95)


@pytest.mark.parametrize("kind", ["huge tile", "old"])
def test_damage_of_a_jpeg_inside_is_refused_whatever_decodes_it(kind):
    jpeg = jpeg_for(kind)
    found = reader.read(tiff_of(jpeg, kind)).pixels
    assert np.abs(found.astype(int) - PHOTO).mean() < 4
    place = jpeg.index(b"\xff\xda") + 60
    for changed in (b"\xff\xba\xff\xd9", b"\xff\xd9\xff\xd9"):
        damaged = jpeg[:place] + changed + jpeg[place + 4 :]
        with pytest.raises(ImageError, match="damaged or cut off"):
            reader.read(tiff_of(damaged, kind))


def test_tables_that_stand_apart_belong_to_each_tile():
    jpeg = jpeg_for("huge tile")
    frame = jpeg.index(b"\xff\xc0")
    tables, rest = jpeg[:frame] + b"\xff\xd9", b"\xff\xd8" + jpeg[frame:]
    found = reader.read(tiff_of(rest, "huge tile", tables)).pixels
    assert np.abs(found.astype(int) - PHOTO).mean() < 4


def test_a_jpeg_inside_that_is_larger_than_its_tile_is_refused_undecoded():
    jpeg = jpeg_for("huge tile")
    place = jpeg.index(b"\xff\xc0") + 5
    larger = jpeg[:place] + b"\xff\0\xff\0" + jpeg[place + 4 :]
    with pytest.raises(ImageError, match="a JPEG in it is larger than it says"):
        reader.read(tiff_of(larger, "huge tile"))
