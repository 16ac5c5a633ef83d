"""Holds EXIF, ICC and XMP of a picture and stores them in JPEG segments."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from PIL import ExifTags, Image

from comrec.jpeg import segments as seg

KINDS = ("exif", "icc", "xmp")
# Tags of a TIFF that describe the picture, not the layout of its pixels: texts,
# resolution in x and y, and its unit.
_DESCRIPTIVE = (
    0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298, 0x011A, 0x011B, 0x0128,
)  # fmt: skip
# Tags of the layout: sizes, bits, compression, strips, tiles, colour map, JPEG tables,
# and the EXIF pixel dimensions.
_STRUCTURAL = {
    0x00FE, 0x00FF, 0x0100, 0x0101, 0x0102, 0x0103, 0x0106, 0x010A, 0x0111, 0x0115,
    0x0116, 0x0117, 0x011C, 0x013D, 0x0140, 0x0142, 0x0143, 0x0144, 0x0145, 0x014A,
    0x0152, 0x0153, 0x015B, 0x0201, 0x0202, 0xA002, 0xA003,
}  # fmt: skip
_ICC_STEP = seg.PAYLOAD_MAX - len(seg.ICC_PREFIX) - 2


@dataclass(frozen=True)
class Metadata:
    """Holds raw blocks, or None. `exif` is a TIFF structure without "Exif\\0\\0"."""

    exif: bytes | None = None
    icc: bytes | None = None
    xmp: bytes | None = None

    def only(self, kinds: Iterable[str]) -> Metadata:
        """Returns the metadata without the kinds that are not named."""
        return replace(self, **{kind: None for kind in KINDS if kind not in kinds})


def descriptive(exif: Image.Exif) -> Image.Exif:
    """Returns the part of EXIF that describes the picture.

    A TIFF and its EXIF share one set of tags. The others describe the layout of pixels
    and must not be copied from one file to another.
    """
    kept = Image.Exif()
    for tag in _DESCRIPTIVE:
        if tag in exif:
            kept[tag] = exif[tag]
    for ifd in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
        entries = dict(exif.get_ifd(ifd))
        if ExifTags.IFD.Interop in entries:  # an offset in the old file
            entries[ExifTags.IFD.Interop] = exif.get_ifd(ExifTags.IFD.Interop)
        if entries:
            kept[ifd] = entries
    return kept


def drop_structure(exif: Image.Exif) -> None:
    """Drops, in place, the tags that a rotation of the picture makes wrong."""
    for tag in _STRUCTURAL & set(exif):
        del exif[tag]
    if ExifTags.IFD.Exif in exif:
        entries = exif.get_ifd(ExifTags.IFD.Exif)
        for tag in _STRUCTURAL & set(entries):
            del entries[tag]


def with_orientation(block: bytes | None, turn: int) -> bytes:
    """Sets the orientation in an EXIF block.

    Args:
      block: EXIF as in `Metadata`; None is an empty block.
      turn: EXIF orientation, 1 to 8.
    """
    exif = Image.Exif()
    exif.load(block or b"")
    exif[ExifTags.Base.Orientation] = turn
    return exif.tobytes().removeprefix(b"Exif\0\0")


def fit_jpeg(metadata: Metadata) -> tuple[Metadata, list[str]]:
    """Drops the blocks that are too large for a JPEG.

    Returns:
      The other blocks, and a note for each dropped one.
    """
    limits = {
        "exif": seg.PAYLOAD_MAX - len(seg.EXIF_PREFIX),
        "icc": 255 * _ICC_STEP,
        "xmp": seg.PAYLOAD_MAX - len(seg.XMP_PREFIX),
    }
    notes = []
    for kind, limit in limits.items():
        block = getattr(metadata, kind)
        if block is not None and len(block) > limit:
            metadata = replace(metadata, **{kind: None})
            notes.append(
                f"{kind.upper()} of {len(block)} bytes left out: a JPEG holds {limit}"
            )
    return metadata, notes


def to_segments(metadata: Metadata) -> list[tuple[int, bytes]]:
    """Returns (marker, payload) of each segment, in the order that readers expect."""
    added = []
    if metadata.exif:
        added.append((seg.APP1, seg.EXIF_PREFIX + metadata.exif))
    if metadata.xmp:
        added.append((seg.APP1, seg.XMP_PREFIX + metadata.xmp))
    if metadata.icc:
        parts = [
            metadata.icc[i : i + _ICC_STEP]
            for i in range(0, len(metadata.icc), _ICC_STEP)
        ]
        for i, part in enumerate(parts, start=1):
            added.append((seg.APP2, seg.ICC_PREFIX + bytes((i, len(parts))) + part))
    return added


def from_segments(segments: list[seg.Segment]) -> Metadata:
    """Reads the metadata of a JPEG. Incomplete blocks are left out."""
    chunks = sorted(
        (part[0], part[1], part[2:])
        for part in seg.payloads(segments, seg.APP2, seg.ICC_PREFIX)
        if len(part) > 2
    )
    whole = bool(chunks) and [c[0] for c in chunks] == list(range(1, chunks[0][1] + 1))
    return Metadata(
        exif=next(seg.payloads(segments, seg.APP1, seg.EXIF_PREFIX), None),
        icc=b"".join(c[2] for c in chunks) if whole else None,
        xmp=next(seg.payloads(segments, seg.APP1, seg.XMP_PREFIX), None),
    )
