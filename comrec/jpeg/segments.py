"""Parses, adds and removes the marker segments of a JPEG file (ITU-T T.81, Annex B).

APPn and COM segments hold metadata. All other segments (tables, frame, scans) are the
*coded data*, which a host that strips metadata keeps. The checksum covers them.
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
# Markers without a length, illegal between segments: once the metadata after a scan
# are dropped, such a marker would become part of the scan.
BARE = frozenset((0x00, 0x01, *range(0xD0, 0xD9)))
PAYLOAD_MAX = 65_533
SEGMENTS_MAX = 100_000  # bounds the time for a hostile file of empty segments
SCANS_MAX = 100  # each takes a pass over all blocks; progressive files have about ten
_FILL = re.compile(rb"\xff*(?=\xff)")
_SCAN_END = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # a marker that is not RSTn

EXIF_PREFIX = b"Exif\0\0"
ICC_PREFIX = b"ICC_PROFILE\0"
XMP_PREFIX = b"http://ns.adobe.com/xap/1.0/\0"


@dataclass(frozen=True)
class Segment:
    """Holds one marker with its payload; of a scan, the entropy-coded data as well."""

    marker: int
    payload: memoryview
    start: int  # of the marker in the file
    end: int  # just past the payload, or past the scan

    @property
    def is_metadata(self) -> bool:
        """Tells whether the segment is APPn or COM."""
        return APP0 <= self.marker <= APP15 or self.marker == COM


def parse(jpeg: bytes) -> list[Segment]:
    """Splits a JPEG into segments.

    Returns:
      All segments but SOI and EOI, in order. Bytes after EOI are ignored.

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
    """Returns the index of the first marker but RSTn after entropy-coded data."""
    found = _SCAN_END.search(jpeg, position)
    if not found:
        raise JpegError("cut off (the file ends inside the picture data)")
    return found.start()


def frame_size(segments: Iterable[Segment]) -> tuple[int, int, int]:
    """Returns (height_px, width_px, components) of the frame header.

    Raises:
      JpegError: no frame header.
    """
    for segment in segments:
        if segment.marker in FRAMES and len(segment.payload) >= 6:
            header = bytes(segment.payload[:6])
            height, width = (int.from_bytes(header[i : i + 2], "big") for i in (1, 3))
            return height, width, header[5]
    raise JpegError("damaged (no frame header)")


def coded_crc32(segments: Iterable[Segment], jpeg: bytes, start: int = 0) -> int:
    """Returns the CRC-32, continued from `start`, of all segments but metadata."""
    view = memoryview(jpeg)
    for segment in segments:
        if not segment.is_metadata:
            start = zlib.crc32(view[segment.start : segment.end], start)
    return start


def payloads(
    segments: Iterable[Segment], marker: int, prefix: bytes
) -> Iterator[bytes]:
    """Yields the payloads of a marker that begin with `prefix`, without the prefix."""
    for segment in segments:
        if segment.marker == marker and segment.payload[: len(prefix)] == prefix:
            yield bytes(segment.payload[len(prefix) :])


def insert(jpeg: bytes, added: Iterable[tuple[int, bytes]]) -> bytes:
    """Inserts (marker, payload) segments after SOI and a JFIF header.

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
    """Returns a JPEG without metadata except JFIF and Adobe headers.

    JFIF and Adobe headers name the colour space, so decoders need them.

    Raises:
      JpegError: the structure is broken.
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
    """Returns a JPEG of the coded data alone, which the checksum covers.

    Without JFIF and Adobe headers three components numbered 1 to 3 are YCbCr, as
    comrec writes them. An Adobe header added later could name another colour space.

    Raises:
      JpegError: the structure is broken.
    """
    kept = [jpeg[s.start : s.end] for s in parse(jpeg) if not s.is_metadata]
    return b"".join([jpeg[:2], *kept, b"\xff\xd9"])


def split_payload(prefix: bytes, data: bytes) -> list[bytes]:
    """Splits data into payloads of at most PAYLOAD_MAX bytes, each with the prefix."""
    step = PAYLOAD_MAX - len(prefix)
    return [prefix + data[i : i + step] for i in range(0, max(len(data), 1), step)]
