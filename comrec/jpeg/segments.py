"""The marker segments of a JPEG file: reading, adding, and what the checksum covers.

ITU-T T.81, Annex B. Metadata lives in APPn and COM segments; everything else
(tables, frame, scans) is the *coded data*, which a host that strips metadata
leaves alone.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from comrec.errors import JpegError

SOI, EOI, SOS, COM = 0xD8, 0xD9, 0xDA, 0xFE
APP0, APP1, APP2, APP11, APP15 = 0xE0, 0xE1, 0xE2, 0xEB, 0xEF
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOFn; not DHT, JPG, DAC
# Markers without a length, out of place between segments. Behind a scan they would
# even belong to it once the metadata between them are dropped.
BARE = frozenset((0x00, 0x01, *range(0xD0, 0xD9)))
PAYLOAD_MAX = 65_533
SEGMENTS_MAX = 100_000  # a hostile file of empty segments is refused, not walked
SCANS_MAX = 100  # each is a walk over all blocks; progressive files have some ten
_FILL = re.compile(rb"\xff*(?=\xff)")
_SCAN_END = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # a marker that is not RSTn

EXIF_PREFIX = b"Exif\0\0"
ICC_PREFIX = b"ICC_PROFILE\0"
XMP_PREFIX = b"http://ns.adobe.com/xap/1.0/\0"


@dataclass(frozen=True)
class Segment:
    """One marker with its payload; for a scan, the entropy-coded data as well."""

    marker: int
    payload: memoryview
    start: int  # of the marker in the file
    end: int  # just past the payload, or past the scan

    @property
    def is_metadata(self) -> bool:
        return APP0 <= self.marker <= APP15 or self.marker == COM


def parse(jpeg: bytes) -> list[Segment]:
    """Splits a JPEG, SOI and EOI left out. Bytes after EOI are ignored.

    Raises:
      JpegError: the structure is broken, or the file ends before EOI.
    """
    if jpeg[:2] != b"\xff\xd8":
        raise JpegError("not a JPEG (no start-of-image marker)")
    view, position = memoryview(jpeg), 2
    segments: list[Segment] = []
    scans = 0
    while True:
        start = position
        if fill := _FILL.match(jpeg, position):
            position = fill.end()
        if position + 2 > len(jpeg) or jpeg[position] != 0xFF:
            raise JpegError(f"damaged or cut off (no marker at byte {position})")
        marker = jpeg[position + 1]
        if marker == EOI:
            return segments
        if marker in BARE:
            raise JpegError(f"damaged (a marker out of place at byte {position})")
        size = int.from_bytes(jpeg[position + 2 : position + 4], "big")
        end = position + 2 + size
        if size < 2 or end > len(jpeg) or len(segments) >= SEGMENTS_MAX:
            raise JpegError(f"damaged or cut off (bad segment at byte {position})")
        payload = view[position + 4 : end]
        scans += marker == SOS
        if scans > SCANS_MAX:
            raise JpegError(f"more than {SCANS_MAX} scans, which no encoder writes")
        position = _end_of_scan(jpeg, end) if marker == SOS else end
        segments.append(Segment(marker, payload, start, position))


def _end_of_scan(jpeg: bytes, position: int) -> int:
    """Index of the first marker after entropy-coded data that is not RSTn."""
    found = _SCAN_END.search(jpeg, position)
    if not found:
        raise JpegError("cut off (the file ends inside the picture data)")
    return found.start()


def frame_size(segments: Iterable[Segment]) -> tuple[int, int, int]:
    """(height_px, width_px, components) as the frame header declares them."""
    for segment in segments:
        if segment.marker in FRAMES and len(segment.payload) >= 6:
            header = bytes(segment.payload[:6])
            height, width = (int.from_bytes(header[i : i + 2], "big") for i in (1, 3))
            return height, width, header[5]
    raise JpegError("damaged (no frame header)")


def coded_crc32(segments: Iterable[Segment], jpeg: bytes, start: int = 0) -> int:
    """CRC-32, continued from `start`, over every segment that is not metadata."""
    view = memoryview(jpeg)
    for segment in segments:
        if not segment.is_metadata:
            start = zlib.crc32(view[segment.start : segment.end], start)
    return start


def payloads(
    segments: Iterable[Segment], marker: int, prefix: bytes
) -> Iterator[bytes]:
    """What follows `prefix` in each segment of one marker that begins with it."""
    for segment in segments:
        if segment.marker == marker and segment.payload[: len(prefix)] == prefix:
            yield bytes(segment.payload[len(prefix) :])


def insert(jpeg: bytes, added: Iterable[tuple[int, bytes]]) -> bytes:
    """Puts (marker, payload) segments after SOI and the JFIF header, if there is one.

    Raises:
      JpegError: a payload is beyond 65,533 bytes.
    """
    position = 2
    if jpeg[2:4] == b"\xff\xe0":
        position += 2 + int.from_bytes(jpeg[4:6], "big")
    out = [jpeg[:position]]
    for marker, payload in added:
        if len(payload) > PAYLOAD_MAX:
            raise JpegError(
                f"a JPEG segment holds {PAYLOAD_MAX} bytes. Received: {len(payload)}"
            )
        out += [bytes((0xFF, marker)), (len(payload) + 2).to_bytes(2, "big"), payload]
    return b"".join([*out, jpeg[position:]])


def without_metadata(jpeg: bytes) -> bytes:
    """The same coded data with every metadata segment left out, but JFIF and Adobe.

    JFIF and Adobe headers stay: they tell a decoder which colour space it sees.
    """
    keep = [
        s
        for s in parse(jpeg)
        if not s.is_metadata
        or (s.marker == APP0 and s.payload[:5] == b"JFIF\0")
        or (s.marker == 0xEE and s.payload[:5] == b"Adobe")
    ]
    return b"".join([jpeg[:2], *(jpeg[s.start : s.end] for s in keep), b"\xff\xd9"])


def coded_only(jpeg: bytes) -> bytes:
    """What the checksum covers, as a JPEG: no metadata, nothing between or behind.

    Without JFIF and Adobe headers three components numbered 1 to 3 are YCbCr, which
    is what comrec writes; with an Adobe header that somebody added they might not be.
    """
    kept = [jpeg[s.start : s.end] for s in parse(jpeg) if not s.is_metadata]
    return b"".join([jpeg[:2], *kept, b"\xff\xd9"])


def chunked(prefix: bytes, data: bytes) -> list[bytes]:
    """Payloads of at most PAYLOAD_MAX bytes that each begin with `prefix`."""
    step = PAYLOAD_MAX - len(prefix)
    return [prefix + data[i : i + step] for i in range(0, max(len(data), 1), step)]
