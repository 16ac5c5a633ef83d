"""Parses PNG: the chunks of the picture, its metadata, and what else is in the file."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from comrec.errors import ImageError
from comrec.image import colour_space
from comrec.image.formats import png_text
from comrec.image.formats.parsed import Parsed, damaged, unsupported
from comrec.image.metadata import ICC_MAX_BYTES, Metadata, inflated, note_repeated
from comrec.image.notes import Notes

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_METRES_PER_INCH = 0.0254
CHUNKS_MAX = 2**20  # bounds the time for a hostile file of empty chunks
# Depths by colour type.
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_TEXTS = (b"tEXt", b"zTXt", b"iTXt", b"tIME")
# Of the file's samples, not of the picture; and the pieces of an animation.
_NEEDLESS = {b"bKGD", b"sBIT", b"hIST", b"sPLT", b"iDOT", b"vpAg", b"fcTL", b"fdAT"}
_KNOWN = {*_TEXTS, b"tRNS", b"eXIf", b"pHYs", b"acTL"}
_CRITICAL = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
_SPACES = {b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"mDCV", b"mDCv", b"cLLI",
           b"cLLi"}  # fmt: skip


class Chunk(NamedTuple):
    """Holds one chunk."""

    kind: bytes
    data: bytes
    start: int  # in the file
    end: int


def chunks(data: bytes) -> Iterator[Chunk]:
    """Yields the chunks of a PNG, IEND last.

    Raises:
      ImageError: a chunk is cut off or its checksum is wrong.
    """
    at = len(SIGNATURE)
    for _ in range(CHUNKS_MAX):
        if at + 12 > len(data):
            raise damaged("the file ends before its last chunk")
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if end > len(data):
            raise damaged("the file ends inside a chunk")
        crc = int.from_bytes(data[end - 4 : end], "big")
        if zlib.crc32(memoryview(data)[at + 4 : end - 4]) != crc:
            raise damaged(f"the checksum of a chunk is wrong, at byte {at}")
        yield Chunk(kind, data[at + 8 : end - 4] if kind != b"IDAT" else b"", at, end)
        if kind == b"IEND":
            return
        at = end
    raise damaged(f"more than {CHUNKS_MAX} chunks")


def cleaned(data: bytes, found: list[Chunk], colour_type: int) -> bytes:
    """Returns a PNG of the chunks of the default image alone."""
    wanted = {b"IHDR", b"tRNS", b"IDAT", b"IEND"}
    if colour_type == 3:  # elsewhere the palette is a hint
        wanted.add(b"PLTE")
    view = memoryview(data)
    kept = [view[c.start : c.end] for c in found if c.kind in wanted]
    return b"".join([SIGNATURE, *kept])


def parse(data: bytes, notes: Notes) -> Parsed:
    """Parses a PNG.

    Raises:
      ImageError: a chunk is damaged, or the kind of PNG is none that is read.
    """
    found = list(chunks(data))
    if found[0].kind == b"CgBI":
        raise unsupported("a PNG in Apple's own form")
    if found[0].kind != b"IHDR" or len(found[0].data) != 13:
        raise damaged("no header")
    width, height, bits, colour_type, *methods = struct.unpack(
        ">IIBBBBB", found[0].data
    )
    kinds = [c.kind for c in found]
    single = all(kinds.count(k) == 1 for k in (b"IHDR", b"IEND"))
    if bits not in _DEPTHS.get(colour_type, ()) or not single or not (width and height):
        raise damaged("its header makes no sense")
    if methods[:2] != [0, 0] or methods[2] > 1:
        raise unsupported("a PNG of an unknown method of compression")
    unknown = [k for k in kinds if not k[0] & 0x20 and k not in _CRITICAL]
    if unknown:
        raise unsupported(f"a PNG with a part of its own kind ({_name(unknown[0])})")
    _check_tables(found, colour_type)
    _check_animation(found)
    _note_rest(data, found, notes)
    return Parsed(
        "PNG", bits, height, width, cleaned(data, found, colour_type),
        _metadata(found, colour_type in (0, 4), notes),
    )  # fmt: skip


def _check_tables(found: list[Chunk], colour_type: int) -> None:
    """Raises ImageError for a palette or a transparency of a wrong size."""
    by_kind = {c.kind: c.data for c in found}
    palette, clear = by_kind.get(b"PLTE", b""), by_kind.get(b"tRNS")
    if colour_type == 3 and (not palette or len(palette) % 3 or len(palette) > 768):
        raise damaged("no palette")
    legal = {0: 2, 2: 6}.get(colour_type)
    if clear is not None and (
        (legal is not None and len(clear) != legal)
        or (colour_type == 3 and not 0 < len(clear) <= len(palette) // 3)
        or colour_type in (4, 6)
    ):
        raise damaged("its transparency makes no sense")


def _check_animation(found: list[Chunk]) -> None:
    """Raises ImageError for an animation whose parts are too short."""
    least = {b"acTL": 8, b"fcTL": 26, b"fdAT": 4}
    if any(len(c.data) < least.get(c.kind, 0) for c in found):
        raise damaged("a part of its animation is too short")


def _note_rest(data: bytes, found: list[Chunk], notes: Notes) -> None:
    by_kind = {c.kind: c.data for c in found}
    if b"acTL" in by_kind and len(by_kind[b"acTL"]) >= 4:
        frames = int.from_bytes(by_kind[b"acTL"][:4], "big")
        kinds = [c.kind for c in found]
        first_is_frame = (
            b"fcTL" in kinds and kinds.index(b"fcTL") < kinds.index(b"IDAT")
            if b"IDAT" in kinds else True
        )  # fmt: skip
        if not first_is_frame:
            notes.leave_out(
                "frames", f"the default image was taken, {frames} more left out"
            )
        elif frames > 1:
            notes.leave_out("frames", f"the first of {frames} frames was taken")
    note_kinds((c.kind for c in found), notes)
    notes.leave_out_rest(data[found[-1].end :], b"\0\r\n ")


def note_kinds(kinds: Iterable[bytes], notes: Notes) -> None:
    """Notes the chunks that are of no kind that is read."""
    others = set(kinds) - _CRITICAL - _NEEDLESS - _SPACES - _KNOWN
    if b"caBX" in others:
        notes.leave_out("content credentials", "content credentials left out")
    if others - {b"caBX"}:
        named = ", ".join(sorted(map(_name, others - {b"caBX"})))
        notes.leave_out("application data", f"left out, of no known kind: {named}")


def _metadata(found: list[Chunk], is_grey: bool, notes: Notes) -> Metadata:
    kinds = [c.kind for c in found]
    note_repeated({"exif": kinds.count(b"eXIf"), "icc": kinds.count(b"iCCP")}, notes)
    by_kind = {c.kind: c.data for c in reversed(found)}
    texts = png_text.read([(c.kind, c.data) for c in found if c.kind in _TEXTS], notes)
    icc = None
    if b"iCCP" not in by_kind or b"cICP" in by_kind:  # cICP goes before a profile
        icc = colour_space.of_png(by_kind, is_grey, notes)
    if b"iCCP" in by_kind and icc:
        notes.leave_out("icc", "ICC left out: another colour space (cICP) goes first")
    elif b"iCCP" in by_kind:
        icc = _profile(by_kind[b"iCCP"], notes)
    exif = by_kind.get(b"eXIf", b"").removeprefix(b"Exif\0\0") or None
    if exif and texts.exif and exif != texts.exif:
        note_repeated({"exif": 2}, notes)
    return texts.updated(
        exif=exif,
        icc=icc,
        density=_density(by_kind.get(b"pHYs", b"")),
    )


def _profile(chunk: bytes, notes: Notes) -> bytes | None:
    _, _, packed = chunk.partition(b"\0")
    try:
        return inflated(packed[1:], ICC_MAX_BYTES) or None
    except ImageError:
        notes.leave_out("icc", "ICC left out: it is damaged or beyond 16 MB")
        return None


def _density(chunk: bytes) -> tuple[int, int, int] | None:
    """Returns unit, x and y as JFIF has them, from a pHYs chunk."""
    if len(chunk) != 9:
        return None
    x, y, unit = struct.unpack(">IIB", chunk)
    if unit == 1:  # pixels a metre
        inch = [n * _METRES_PER_INCH for n in (x, y)]
        is_dpi = all(abs(n - round(n)) <= _METRES_PER_INCH / 2 for n in inch)
        x, y = (round(n) for n in (inch if is_dpi else (x / 100, y / 100)))
        unit = 1 if is_dpi else 2
    elif x == y:
        return None
    return (unit, x, y) if 0 < x <= 0xFFFF and 0 < y <= 0xFFFF else None


def _name(kind: bytes) -> str:
    return kind.decode("latin-1") if kind.isalpha() else repr(kind)[2:-1]
