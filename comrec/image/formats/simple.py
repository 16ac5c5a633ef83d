"""Parses GIF, BMP and PNM: size, depth, frames and the little metadata they have."""

from __future__ import annotations

import re
import struct

import numpy as np

from comrec.image.formats.parsed import Parsed, damaged, unsupported
from comrec.image.metadata import ICC_MAX_BYTES, Metadata
from comrec.image.notes import Notes

_BMP_HEADERS = (40, 52, 56, 64, 108, 124)
_PNM_HEAD_BYTES = 2**16  # of numbers and comments; patterns keep a place for each byte
BLOCKS_MAX = 2**22  # of a GIF; bounds the time for a hostile file
_GIF_BLOCK = re.compile(rb"[!,;]")
_PNM = re.compile(rb"P([1-6])((?:\s|#[^\n]*\n)+)")
_NUMBER = re.compile(rb"(?:\s|#[^\n]*\n)*(\d{1,10})(?=[\s#])")


def parse_gif(data: bytes, notes: Notes) -> Parsed:
    """Parses a GIF.

    Raises:
      ImageError: the structure is broken.
    """
    if len(data) < 13:
        raise damaged("no header")
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    frames, comments = 0, []
    xmp: bytes | None = None
    for _ in range(BLOCKS_MAX):
        kind = data[at : at + 1]
        if kind in (b";", b""):
            break
        if kind == b",":
            frames += 1
            local = data[at + 9] if at + 9 < len(data) else 0
            width, height = (
                _grown(data, at, width, height) if frames == 1 else (width, height)
            )
            at += 11 + (3 << (local & 7) + 1 if local & 0x80 else 0)
            at, _ = _sub_blocks(data, at, keep=False)
        elif kind == b"!":
            label, start = data[at + 1 : at + 2], at + 2
            at, content = _sub_blocks(data, start, keep=label == b"\xfe")
            if label == b"\xfe" and content:
                comments.append(content)
            if data[start + 1 : start + 12] == b"XMP DataXMP":
                xmp = data[start + 12 : at].partition(b"\x01\xff\xfe")[0] or None
        else:  # other bytes are passed over, as by other programs
            following = _GIF_BLOCK.search(data, at)
            at = following.start() if following else len(data)
    if frames > 1:
        notes.leave_out("frames", f"the first of {frames} frames was taken")
    metadata = Metadata(comment=tuple(comments), xmp=xmp)
    return Parsed("GIF", 8, height, width, data, metadata)


def _grown(data: bytes, at: int, width: int, height: int) -> tuple[int, int]:
    """Returns the size of the canvas, which a first frame beyond it enlarges."""
    if at + 9 > len(data):
        raise damaged("the file ends inside a frame")
    x, y, w, h = struct.unpack_from("<4H", data, at + 1)
    return max(width, x + w), max(height, y + h)


def _sub_blocks(data: bytes, at: int, keep: bool) -> tuple[int, bytes]:
    """Returns the place after the blocks, and their content."""
    parts = []
    while at < len(data) and data[at]:
        if keep:
            parts.append(data[at + 1 : at + 1 + data[at]])
        at += 1 + data[at]
    return at + 1, b"".join(parts)


def parse_bmp(data: bytes, notes: Notes) -> Parsed:
    """Parses a BMP.

    Raises:
      ImageError: the structure is broken, or the kind of BMP is none that is read.
    """
    if len(data) < 26:
        raise damaged("no header")
    header = int.from_bytes(data[14:18], "little")
    if header == 12:
        width, height, _, bits = struct.unpack_from("<4H", data, 18)
        return Parsed("BMP", bits, height, width, data)
    if header not in _BMP_HEADERS:
        raise unsupported(f"a BMP with a header of {header} bytes")
    if len(data) < 14 + max(header, _BMP_HEADERS[0]):
        raise damaged("no header")
    width, height, _, bits, method = struct.unpack_from("<iiHHI", data, 18)
    if method in (4, 5):
        raise unsupported("a BMP with a JPEG or PNG inside")
    x, y = (round(n * 0.0254) for n in struct.unpack_from("<ii", data, 38))
    density = (1, x, y) if 0 < x < 2**16 and 0 < y < 2**16 else None
    icc = _bmp_profile(data, header, notes)
    return Parsed(
        "BMP", bits, abs(height), width, data, Metadata(icc=icc, density=density)
    )


def _bmp_profile(data: bytes, header: int, notes: Notes) -> bytes | None:
    space = data[70:74][::-1] if header >= 108 else b""
    if space == b"MBED" and header >= 124:
        at, size = struct.unpack_from("<II", data, 126)
        icc = data[14 + at : 14 + at + size]
        if len(icc) == size and 0 < size <= ICC_MAX_BYTES:
            return icc
    if space in (b"MBED", b"LINK"):
        notes.leave_out(
            "icc", "ICC left out: it is damaged, or only the name of a file"
        )
    elif space == b"\0\0\0\0" and any(data[74:122]):
        notes.leave_out("colour space", "the colour space (primaries) is lost")
    return None


def parse_pnm(data: bytes, notes: Notes) -> Parsed:
    """Parses a PBM, PGM or PPM.

    Raises:
      ImageError: the structure is broken, or the kind is none that is read.
    """
    head = data[:_PNM_HEAD_BYTES]
    start = _PNM.match(head)
    if data[:2] in (b"P7", b"Pf", b"PF", b"Py"):
        raise unsupported(f"a PNM of the kind {data[:2].decode()}")
    if not start:
        raise damaged("no header")
    kind, at, numbers = int(start[1]), 2, []
    for _ in range(2 if kind in (1, 4) else 3):
        found = _NUMBER.match(head, at)
        if not found:
            raise damaged("its header has no whole number where one is expected")
        numbers.append(int(found[1]))
        at = found.end()
    width, height, *rest = numbers
    highest = rest[0] if rest else 1
    if not (width and height and 0 < highest < 65_536):
        raise damaged("its header makes no sense")
    if kind >= 4:
        samples = 3 if kind == 6 else 1
        row = (width + 7) // 8 if kind == 4 else width * samples * (1 + (highest > 255))
        size = at + 1 + height * row
        if len(data) < size:
            raise damaged("the file ends before the picture")
        notes.leave_out_rest(data[size:], b"\0\r\n")
        data = data[:size]
        _check_samples(data, at + 1, highest if kind > 4 else 255)
    comments = [c.strip() for c in re.findall(rb"#([^\n]*)\n", data[:at])]
    bits = 16 if highest > 255 else 8
    return Parsed(
        "PNM",
        bits,
        height,
        width,
        data,
        Metadata(comment=tuple(filter(None, comments))),
    )


def _check_samples(data: bytes, start: int, highest: int) -> None:
    """Raises ImageError for a sample above the highest that the header names."""
    kind = np.dtype(">u2" if highest > 255 else np.uint8)
    if highest == np.iinfo(kind).max:
        return
    most = int(np.frombuffer(data, kind, offset=start).max())
    if most > highest:
        raise damaged(f"a sample of {most}, and its header says {highest} at most")
