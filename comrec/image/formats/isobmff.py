"""Parses AVIF and HEIC: boxes of ISO base media files, for size, depth and colour."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from comrec.errors import ImageError
from comrec.image import colour_space, ifd
from comrec.image.formats import heif, items
from comrec.image.formats.parsed import Parsed, damaged
from comrec.image.metadata import Metadata
from comrec.image.notes import Notes
from comrec.system.pillow import open_picture

BOXES_MAX = 100_000
AVIF_BRANDS = {b"avif", b"avis"}
HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs",
               b"mif1", b"msf1"}  # fmt: skip


def boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yields kind, start and end of the content of each box in a range.

    Raises:
      ImageError: a box ends after the range.
    """
    for _ in range(BOXES_MAX):
        if start + 8 > end:
            return
        size, kind = struct.unpack_from(">I4s", data, start)
        head = 8
        if size == 1 and start + 16 <= end:
            size, head = struct.unpack_from(">Q", data, start + 8)[0], 16
        size = size or end - start
        if size < head or start + size > end:
            raise damaged("a box ends after the file")
        yield kind, start + head, start + size
        start += size


def brands(data: bytes) -> set[bytes]:
    """Returns the brands of a file; none for another kind of file."""
    if data[4:8] != b"ftyp":
        return set()
    end = min(int.from_bytes(data[:4], "big"), len(data), 1024)
    return {data[8:12], *(data[i : i + 4] for i in range(16, end, 4))}


def _properties(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yields kind and content of the properties and items of a file."""
    for kind, start, end in boxes(data, 0, len(data)):
        if kind != b"meta":
            continue
        for inner, at, stop in boxes(data, start + 4, end):
            if inner == b"iprp":
                for group, first, last in boxes(data, at, stop):
                    if group == b"ipco":
                        for name, a, b in boxes(data, first, last):
                            yield name, data[a:b]
            elif inner == b"iinf":
                version = data[at] if at < stop else 0
                for name, a, b in boxes(data, at + (6 if version == 0 else 8), stop):
                    yield name, data[a:b]


def parse(data: bytes, notes: Notes) -> Parsed:
    """Parses an AVIF or a HEIC.

    Raises:
      ImageError: the structure is broken, or pillow_heif is missing for a HEIC.
    """
    is_avif = bool(brands(data) & AVIF_BRANDS)
    found = list(_properties(data))
    sizes = [
        struct.unpack(">II", c[4:12]) for k, c in found if k == b"ispe" and len(c) >= 12
    ]
    if not sizes:
        raise damaged("no size")
    bits = max([b for b in _depths(found) if b <= 16], default=8)
    _note(found, notes)
    opened = open_picture(data, ("AVIF",)) if is_avif else heif.open_picture(data)
    try:
        with opened as picture:
            width, height = picture.size
            info = picture.info
            frames = getattr(picture, "n_frames", 1)
    except ImageError:
        raise
    except Exception as err:  # decoders' errors on damaged data are undocumented
        raise damaged(err) from err
    if frames > 1:
        kind = "frames" if is_avif else "further pictures"
        notes.leave_out(kind, f"the first of {frames} frames was taken")
    icc = info.get("icc_profile") or None
    codes = [c for k, c in found if k == b"colr" and c[:4] == b"nclx" and len(c) >= 8]
    if icc is None and codes:
        primaries, transfer = struct.unpack(">HH", codes[0][4:8])
        icc = colour_space.of_codes(primaries, transfer, False, notes, "CICP")
    exif = (info.get("exif") or b"").removeprefix(b"Exif\0\0")
    # The boxes say the orientation, whatever EXIF and XMP say: Pillow puts it into its
    # copy of EXIF, which loses characters; pillow_heif has turned the picture.
    turn = (ifd.orientation(exif) or 1) if is_avif else 1
    if is_avif:
        exif = items.exif(data, boxes) or exif
    blocks = Metadata(exif=exif or None, icc=icc, xmp=info.get("xmp") or None)
    most = max(w * h for w, h in sizes)
    if most > width * height * 4:  # a file that hides a larger picture from the check
        width, height = max(sizes, key=lambda s: s[0] * s[1])
    return Parsed(
        "AVIF" if is_avif else "HEIC", bits, height, width, data, blocks, turn
    )


def _depths(found: list[tuple[bytes, bytes]]) -> Iterator[int]:
    """Yields the bits of a channel that each item says, or its decoder's settings."""
    for kind, content in found:
        if kind == b"pixi" and len(content) > 5:
            yield max(content[5:])
        elif kind == b"av1C" and len(content) > 2:
            is_high, is_twelve = content[2] & 0x40, content[2] & 0x20
            yield 12 if is_high and is_twelve else 10 if is_high else 8
        elif kind == b"hvcC" and len(content) > 17:
            yield 8 + (content[17] & 7)


def _note(found: list[tuple[bytes, bytes]], notes: Notes) -> None:
    """Notes the items beside the picture."""
    items = [
        c[8:12] for k, c in found if k == b"infe" and len(c) >= 12 and c[0] in (2, 3)
    ]
    auxiliary = b" ".join(c for k, c in found if k == b"auxC")
    if b"tmap" in items or b"hdrgainmap" in auxiliary:
        notes.leave_out("gain map", "the gain map, which makes it HDR, was left out")
    if b"depth" in auxiliary:
        notes.leave_out("further pictures", "the map of depths was left out")
