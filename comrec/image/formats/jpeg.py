"""Parses JPEG: the coded picture, its metadata, and what else is in the file."""

from __future__ import annotations

from comrec.errors import ImageError, JpegError
from comrec.image import metadata
from comrec.image.formats.parsed import Parsed, damaged, unsupported
from comrec.image.notes import Notes
from comrec.jpeg import segments as seg

_READ = {0xC0, 0xC1, 0xC2, 0xC9, 0xCA}  # DCT, sequential or progressive
GAIN_MAP_NOTE = "the gain map, which makes it HDR, was left out"
_GAIN_MAP_MARKS = (b"hdrgm", b"GainMap", b"urn:iso:std:iso:ts:21496")
_PADDING = b"\0\xff\r\n\x1a "
# What a segment of metadata begins with, and its kind; "" needs no note.
_KNOWN = (
    (seg.APP0, b"JFIF\0", ""), (seg.APP14, seg.ADOBE_PREFIX, ""),
    (0xEC, b"Ducky", ""),  # quality of an encoder
    (seg.APP2, b"MPF\0", ""),  # places of further pictures, which have a note
    (seg.APP0, b"JFXX\0", "thumbnail"),
    (seg.APP11, b"JP", "content credentials"),
)  # fmt: skip


def parse(data: bytes, notes: Notes) -> Parsed:
    """Parses a JPEG.

    Raises:
      ImageError: the structure is broken, or the kind of JPEG is none that is read.
    """
    try:
        parts = seg.parse(data)
        height, width, components = seg.frame_size(parts)
    except JpegError as err:
        raise ImageError(f"{err}. Use another copy") from err
    frames = [s for s in parts if s.marker in seg.FRAMES]
    if len(frames) > 1:
        raise damaged("two frame headers")
    if frames[0].marker not in _READ:
        raise unsupported("a lossless or hierarchical JPEG")
    if components not in (1, 3, 4):
        raise unsupported(f"a JPEG of {components} components")
    if not height:
        raise unsupported("a JPEG that says its height after its pixels")
    if stray := seg.count_stray(parts):
        notes.add(f"bytes between the parts of the JPEG passed over: {stray}")
    if transform := seg.unknown_transform(parts):
        notes.add(
            f"its Adobe header names colour transform {transform}, which is not one of "
            f"its channels: decoded as other programs do"
        )
    note_segments(parts, notes)
    _note_trailer(data[parts[-1].end + 2 :], parts, notes)
    return Parsed(
        "JPEG", frames[0].payload[0], height, width, seg.cleaned(parts),
        metadata.from_segments(parts, notes),
    )  # fmt: skip


def note_segments(parts: list[seg.Segment], notes: Notes) -> None:
    """Notes the segments of metadata that are of no known kind."""
    others = []
    for part in parts:
        if not part.is_metadata or metadata.is_kept(part):
            continue
        start = bytes(part.payload[:40])
        kinds = [k for m, prefix, k in _KNOWN if m == part.marker
                 and start.startswith(prefix)]  # fmt: skip
        if not kinds:
            name = start.split(b"\0")[0].decode("latin-1")
            named = (
                f" ({name})" if name.isascii() and name.isprintable() and name else ""
            )
            others.append(f"APP{part.marker - seg.APP0}{named}")
        elif kinds[0]:
            notes.leave_out(kinds[0], f"{kinds[0]} left out")
    if others:
        more = f" and {len(others) - 5} more" if len(others) > 5 else ""
        named = ", ".join(dict.fromkeys(others[:5]))
        notes.leave_out(
            "application data", f"left out, of no known kind: {named}{more}"
        )


def names_gain_map(data: bytes) -> bool:
    """Tells whether data of a JPEG say that it has a gain map."""
    return any(mark in data for mark in _GAIN_MAP_MARKS)


def _note_trailer(rest: bytes, parts: list[seg.Segment], notes: Notes) -> None:
    """Notes the data after the picture."""
    if not rest.strip(_PADDING):
        return
    xmp = b"".join(seg.payloads(parts, seg.APP1, seg.XMP_PREFIX))
    kind = "trailing data"
    if b"ftyp" in rest[:64] or b"MotionPhoto_Data" in rest:
        kind = "motion video"
    elif b"\xff\xd8\xff" in rest:
        is_map = names_gain_map(rest) or names_gain_map(xmp)
        kind = "gain map" if is_map else "further pictures"
    elif b"ftyp" in rest:
        kind = "motion video"
    what = {
        "gain map": GAIN_MAP_NOTE,
        "motion video": "the video after the picture was left out",
        "further pictures": "further pictures in the file were left out",
        "trailing data": "data after the picture were left out",
    }
    notes.leave_out(kind, f"{what[kind]} ({len(rest):,} bytes)")
