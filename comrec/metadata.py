"""EXIF, ICC and XMP of a picture, and how they travel in a JPEG."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from comrec import segments as seg
from comrec.errors import UsageError

KINDS = ("exif", "icc", "xmp")
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


def parse_kinds(text: str) -> tuple[str, ...]:
    """Reads "all", "none" or a list like "exif,icc"."""
    if text == "all":
        return KINDS
    kinds = () if text == "none" else tuple(text.split(","))
    if not set(kinds) <= set(KINDS):
        raise UsageError(
            f"--metadata must be all, none, or some of {','.join(KINDS)}. "
            f"Received: {text!r}"
        )
    return kinds


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
