"""EXIF, ICC and XMP of a picture, and how they travel in a JPEG."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from PIL import ExifTags, Image

from comrec.jpeg import segments as seg

KINDS = ("exif", "icc", "xmp")
# What a TIFF says about its picture, not about how its pixels are laid out: texts,
# resolution in x and y, and its unit.
_DESCRIPTIVE = (
    0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298, 0x011A, 0x011B, 0x0128,
)  # fmt: skip
# Sizes, bits, compression, strips, tiles, colour map, JPEG tables; pixel sizes.
_STRUCTURAL = {
    0x00FE, 0x00FF, 0x0100, 0x0101, 0x0102, 0x0103, 0x0106, 0x010A, 0x0111, 0x0115,
    0x0116, 0x0117, 0x011C, 0x013D, 0x0140, 0x0142, 0x0143, 0x0144, 0x0145, 0x014A,
    0x0152, 0x0153, 0x015B, 0x0201, 0x0202, 0xA002, 0xA003,
}  # fmt: skip
_ICC_STEP = seg.PAYLOAD_MAX - len(seg.ICC_PREFIX) - 2


@dataclass(frozen=True)
class Metadata:
    """Raw blocks, None where there is none. `exif` is a TIFF without "Exif\\0\\0"."""

    exif: bytes | None = None
    icc: bytes | None = None
    xmp: bytes | None = None

    def only(self, kinds: Iterable[str]) -> Metadata:
        """The same with every kind that is not named left out."""
        return replace(self, **{kind: None for kind in KINDS if kind not in kinds})


def descriptive(exif: Image.Exif) -> Image.Exif:
    """What of EXIF may stand in a TIFF's own tags, or came out of them.

    The two keep their pixels' layout in tags of the same numbers.
    """
    kept = Image.Exif()
    for tag in _DESCRIPTIVE:
        if tag in exif:
            kept[tag] = exif[tag]
    for ifd in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
        entries = dict(exif.get_ifd(ifd))
        if ExifTags.IFD.Interop in entries:  # a place in the file it came from
            entries[ExifTags.IFD.Interop] = exif.get_ifd(ExifTags.IFD.Interop)
        if entries:
            kept[ifd] = entries
    return kept


def drop_structure(exif: Image.Exif) -> None:
    """Drops, in place, what is wrong once the picture has been turned."""
    for tag in _STRUCTURAL & set(exif):
        del exif[tag]
    if ExifTags.IFD.Exif in exif:
        entries = exif.get_ifd(ExifTags.IFD.Exif)
        for tag in _STRUCTURAL & set(entries):
            del entries[tag]


def fit_jpeg(metadata: Metadata) -> tuple[Metadata, list[str]]:
    """Drops what no JPEG segment can hold, and says so in a note for each."""
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
    """(marker, payload) of each segment, in the order readers expect."""
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
    """What a JPEG carries; blocks that are not whole are left out."""
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
