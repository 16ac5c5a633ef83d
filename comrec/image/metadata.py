"""Holds the metadata of a picture and stores them in JPEG segments."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from comrec.errors import ImageError
from comrec.image import xmp
from comrec.image.ifd import with_orientation as with_orientation
from comrec.image.notes import Notes
from comrec.jpeg import segments as seg

KINDS = ("exif", "icc", "xmp", "iptc", "comment", "density", "text")
SIGNATURE = b"comrec"  # comment of every JPEG that comrec restores
PHOTOSHOP_PREFIX = b"Photoshop 3.0\0"
TEXT_PREFIX = b"PNG text\0"  # of segments that hold chunks of a PNG
NAMES = {"exif": "EXIF", "icc": "ICC", "xmp": "XMP", "iptc": "IPTC"}
_ICC_STEP = seg.PAYLOAD_MAX - len(seg.ICC_PREFIX) - 2
ICC_MAX_BYTES = 255 * _ICC_STEP
IPTC_MAX_BYTES = TEXT_MAX_BYTES = 2**24

Density = tuple[int, int, int]  # unit (0: an aspect ratio, 1: inch, 2: cm), x, y


@dataclass(frozen=True)
class Metadata:
    """Holds raw blocks, or None.

    Attributes:
      exif: a TIFF structure without "Exif\\0\\0".
      icc: the profile.
      xmp: the main packet.
      extended_xmp: the packet that the main one refers to, where a JPEG has one.
      iptc: Photoshop's image resources, of which 0x0404 is IPTC.
      comment: comments, in the encoding of their file.
      density: pixels per unit of length.
      text: chunks of a PNG (tEXt, zTXt, iTXt, tIME), each with length and kind.
    """

    exif: bytes | None = None
    icc: bytes | None = None
    xmp: bytes | None = None
    extended_xmp: bytes | None = None
    iptc: bytes | None = None
    comment: tuple[bytes, ...] = ()
    density: Density | None = None
    text: bytes | None = None

    def only(self, kinds: Iterable[str]) -> Metadata:
        """Returns the metadata without the kinds that are not named."""
        kinds = set(kinds)
        kinds |= {"extended_xmp"} if "xmp" in kinds else set()
        return Metadata(**{k: v for k, v in vars(self).items() if k in kinds})

    def updated(self, **blocks: Any) -> Metadata:
        """Returns the metadata with the blocks that are not None."""
        return replace(self, **{k: v for k, v in blocks.items() if v is not None})

    def lacks(self, other: Metadata) -> list[str]:
        """Returns the kinds that `other` has, and this has not, or has otherwise."""
        return [
            kind
            for kind in KINDS
            if other._content(kind) and self._content(kind) != other._content(kind)
        ]

    def _content(self, kind: str) -> object:
        if kind == "xmp":
            whole = xmp.merged(self.xmp, self.extended_xmp)
            return whole or (self.xmp, self.extended_xmp) if self.xmp else None
        return getattr(self, kind)

    def kinds(self) -> list[str]:
        """Returns the kinds that the picture has."""
        return [kind for kind in KINDS if getattr(self, kind)]


def inflated(data: bytes, max_bytes: int) -> bytes:
    """Returns the content of a zlib stream.

    Raises:
      ImageError: it is damaged, or larger than `max_bytes`.
    """
    inflate = zlib.decompressobj()
    try:
        content = inflate.decompress(data, max_bytes + 1)
    except zlib.error as err:
        raise ImageError(f"compressed metadata are damaged ({err})") from err
    if len(content) > max_bytes or not inflate.eof:
        raise ImageError(f"compressed metadata are cut off, or over {max_bytes} bytes")
    return content


def fit_jpeg(metadata: Metadata) -> tuple[Metadata, Notes]:
    """Drops the blocks that are too large for a JPEG, and splits large XMP.

    Returns:
      The other blocks, and a note for each dropped one.
    """
    notes = Notes()
    packet = metadata.xmp
    if packet and not metadata.extended_xmp and xmp.needs_extension(packet):
        metadata = replace(metadata, xmp=xmp.stub_for(packet), extended_xmp=packet)
    limits = {
        "exif": seg.PAYLOAD_MAX - len(seg.EXIF_PREFIX),
        "icc": ICC_MAX_BYTES,
        "xmp": xmp.PACKET_MAX_BYTES,
        "iptc": IPTC_MAX_BYTES,
        "text": TEXT_MAX_BYTES,
    }
    for kind, limit in limits.items():
        block = getattr(metadata, kind)
        if block is not None and len(block) > limit:
            metadata = metadata.only(set(KINDS) - {kind})
            name = NAMES.get(kind, kind)
            notes.leave_out(
                kind, f"{name} of {len(block)} bytes left out: a JPEG holds {limit}"
            )
    return metadata, notes


def to_segments(metadata: Metadata) -> list[tuple[int, bytes]]:
    """Returns (marker, payload) of each segment, in the order that readers expect."""
    added = []
    if metadata.exif:
        added.append((seg.APP1, seg.EXIF_PREFIX + metadata.exif))
    if metadata.xmp:
        added.append((seg.APP1, seg.XMP_PREFIX + metadata.xmp))
    if metadata.xmp and metadata.extended_xmp:
        for part in xmp.split(metadata.xmp, metadata.extended_xmp):
            added.append((seg.APP1, part))
    if metadata.icc:
        parts = [
            metadata.icc[i : i + _ICC_STEP]
            for i in range(0, len(metadata.icc), _ICC_STEP)
        ]
        for i, part in enumerate(parts, start=1):
            added.append((seg.APP2, seg.ICC_PREFIX + bytes((i, len(parts))) + part))
    if metadata.iptc:
        for part in seg.split_payload(PHOTOSHOP_PREFIX, metadata.iptc):
            added.append((seg.APP13, part))
    if metadata.text:
        for part in seg.split_payload(TEXT_PREFIX, metadata.text):
            added.append((seg.APP15, part))
    for comment in metadata.comment:
        for at in range(0, len(comment), seg.PAYLOAD_MAX):
            added.append((seg.COM, comment[at : at + seg.PAYLOAD_MAX]))
    return added


def insert(jpeg: bytes, metadata: Metadata, first: list[tuple[int, bytes]]) -> bytes:
    """Puts metadata into a JPEG that has none.

    Args:
      jpeg: the whole file.
      metadata: to add.
      first: segments to stand before it.
    """
    if metadata.density:
        jpeg = _with_density(jpeg, metadata.density)
    return seg.insert(jpeg, [*first, *to_segments(metadata)])


def _with_density(jpeg: bytes, density: Density) -> bytes:
    unit, x, y = density
    value = bytes((unit,)) + x.to_bytes(2, "big") + y.to_bytes(2, "big")
    if jpeg[2:4] == b"\xff\xe0" and jpeg[6:11] == seg.JFIF_PREFIX:
        return jpeg[:13] + value + jpeg[18:]
    header = b"\xff\xe0\0\x10" + seg.JFIF_PREFIX + b"\1\1" + value + b"\0\0"
    return jpeg[:2] + header + jpeg[2:]


def is_kept(segment: seg.Segment) -> bool:
    """Tells whether a segment of a JPEG is of a kind that is kept."""
    start = bytes(segment.payload[:40])
    prefixes = {
        seg.APP0: (seg.JFIF_PREFIX,),
        seg.APP1: (seg.EXIF_PREFIX, seg.XMP_PREFIX, xmp.EXTENSION_PREFIX),
        seg.APP2: (seg.ICC_PREFIX,),
        seg.APP13: (PHOTOSHOP_PREFIX,),
        seg.APP15: (TEXT_PREFIX,),
    }
    return segment.marker == seg.COM or start.startswith(
        prefixes.get(segment.marker, ()) or (b"\0never",)
    )


def from_segments(segments: list[seg.Segment], notes: Notes | None = None) -> Metadata:
    """Reads the metadata of a JPEG. Incomplete blocks are left out.

    Args:
      segments: of the JPEG.
      notes: take what is left out.
    """
    notes = Notes() if notes is None else notes
    exif = list(seg.payloads(segments, seg.APP1, seg.EXIF_PREFIX))
    packets = list(seg.payloads(segments, seg.APP1, seg.XMP_PREFIX))
    note_repeated({"exif": len(exif), "xmp": len(packets)}, notes)
    extended = None
    if parts := list(seg.payloads(segments, seg.APP1, xmp.EXTENSION_PREFIX)):
        extended = xmp.joined(packets[0] if packets else b"", parts)
        if extended is None:
            notes.leave_out("xmp", "extended XMP left out: it is incomplete")
    comments = seg.payloads(segments, seg.COM, b"")
    return Metadata(
        exif=exif[0] if exif else None,
        icc=_join_icc(segments, notes),
        xmp=packets[0] if packets else None,
        extended_xmp=extended,
        iptc=b"".join(seg.payloads(segments, seg.APP13, PHOTOSHOP_PREFIX)) or None,
        comment=tuple(c for c in comments if c and c != SIGNATURE),
        density=_density(segments),
        text=b"".join(seg.payloads(segments, seg.APP15, TEXT_PREFIX)) or None,
    )


def note_repeated(counts: Mapping[str, int], notes: Notes) -> None:
    """Notes each kind of block that a file has more than once."""
    for kind, count in counts.items():
        if count > 1:
            notes.leave_out(
                kind, f"the first of {count} {NAMES[kind]} blocks was taken"
            )


def _join_icc(segments: list[seg.Segment], notes: Notes) -> bytes | None:
    chunks = sorted(
        (part[0], part[1], part[2:])
        for part in seg.payloads(segments, seg.APP2, seg.ICC_PREFIX)
        if len(part) > 2
    )
    if not chunks:
        return None
    if [c[0] for c in chunks] != list(range(1, chunks[0][1] + 1)):
        notes.leave_out("icc", "ICC left out: it is incomplete")
        return None
    return b"".join(c[2] for c in chunks)


def _density(segments: list[seg.Segment]) -> Density | None:
    header = next(seg.payloads(segments, seg.APP0, seg.JFIF_PREFIX), b"")
    if len(header) < 7:
        return None
    unit, x, y = header[2], *(int.from_bytes(header[i : i + 2], "big") for i in (3, 5))
    says_something = x and y and (unit in (1, 2) or (unit == 0 and x != y))
    return (unit, x, y) if says_something else None
