"""Finds the JPEGs in which a TIFF may hold its samples."""

from __future__ import annotations

from collections.abc import Iterator

from comrec.errors import ImageError, JpegError
from comrec.image import ifd
from comrec.image.formats import tiff
from comrec.image.formats.parsed import damaged
from comrec.image.ifd import Directory
from comrec.jpeg import segments as seg

_JPEG, _OLD_JPEG = 7, 6  # the latter of before TIFF 6.0
_TABLES, _OLD_START, _OLD_BYTES = 347, 513, 514
_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_MCU_PX = 16  # to which a JPEG may be padded


def find(data: bytes) -> Iterator[bytes]:
    """Yields the JPEGs that hold the samples of a TIFF, each as a whole file.

    Of JPEG of before TIFF 6.0 there is one, or none where its parts lie apart, as those
    of several strips do.

    Raises:
      ImageError: a JPEG is damaged, or larger than the TIFF says.
    """
    page = ifd.first(data)
    sides = (page.number(tiff.WIDTH), page.number(tiff.HEIGHT))
    tile = tuple(page.number(tag) for tag in tiff.TILE_SIDES)
    most_px = max((w + _MCU_PX) * (h + _MCU_PX) for w, h in (sides, tile))
    for jpeg in _parts(data, page):
        try:
            height, width, _ = seg.frame_size(seg.parse(jpeg))
        except JpegError as err:
            raise ImageError(f"{err}. Use another copy") from err
        if height * width > most_px:
            raise damaged("a JPEG in it is larger than it says")
        yield jpeg


def _parts(data: bytes, page: Directory) -> Iterator[bytes]:
    if page.number(tiff.COMPRESSION) == _OLD_JPEG:
        start, size = page.number(_OLD_START), page.number(_OLD_BYTES)
        jpeg = data[start : start + size]
        strips = tiff.places(page)
        is_whole = len(strips) == 1 and start <= strips[0][0] < start + size
        if is_whole and jpeg[:2] == _SOI and b"\xff\xda" in jpeg:
            yield jpeg + _EOI
    if page.number(tiff.COMPRESSION) == _JPEG:
        tables = page.entries[_TABLES].value if _TABLES in page.entries else _SOI
        for place, size in tiff.places(page):
            if size:  # others are left empty
                part = data[place + len(_SOI) : place + size]
                yield tables.removesuffix(_EOI) + part + _EOI
