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
APP0, APP1, APP2, APP11, APP13, APP14, APP15 = 0xE0, 0xE1, 0xE2, 0xEB, 0xED, 0xEE, 0xEF
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOFn; not DHT, JPG, DAC
SEQUENTIAL = frozenset((0xC0, 0xC1, 0xC9))
# Markers without a length, illegal between segments: once the metadata after a scan
# are dropped, such a marker would become part of the scan.
BARE = frozenset((0x00, 0x01, *range(0xD0, 0xD9)))
PAYLOAD_MAX = 65_533
SEGMENTS_MAX = 100_000  # bounds the time for a hostile file of empty segments
SCANS_MAX = 100  # each takes a pass over all blocks; progressive files have about ten
_FILL = re.compile(rb"[^\xff]*\xff*(?=\xff)")  # libjpeg passes over other bytes too
# Before the first scan it also passes over 255 with 0; later, that would be coded data.
_FILL_OF_HEADER = re.compile(rb"(?>[^\xff]+|\xff+\x00)*+\xff*(?=\xff)")
_SCAN_END = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # a marker that is not RSTn

JFIF_PREFIX = b"JFIF\0"
ADOBE_PREFIX = b"Adobe"
_TRANSFORM = 11  # index in an Adobe header
EXIF_PREFIX = b"Exif\0\0"
ICC_PREFIX = b"ICC_PROFILE\0"
XMP_PREFIX = b"http://ns.adobe.com/xap/1.0/\0"


@dataclass(frozen=True)
class Segment:
    """Holds one marker with its payload; of a scan, the entropy-coded data as well."""

    marker: int
    payload: memoryview
    start: int  # of the marker in the file, or of fill bytes before it
    end: int  # just past the payload, or past the scan
    scan: memoryview = memoryview(b"")  # entropy-coded data after an SOS
    stray: int = 0  # bytes before the marker that are no fill bytes

    @property
    def is_metadata(self) -> bool:
        """Tells whether the segment is APPn or COM."""
        return APP0 <= self.marker <= APP15 or self.marker == COM


def parse(jpeg: bytes) -> list[Segment]:
    """Splits a JPEG into segments.

    Returns:
      All segments but SOI and EOI, in order, each from the bytes before it that belong
      to no segment. Bytes after EOI are ignored.

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
        fills = _FILL if scans else _FILL_OF_HEADER
        if fill := fills.match(jpeg, position):
            position = fill.end()
        if position + 2 > len(jpeg) or jpeg[position] != 0xFF:
            raise JpegError(f"damaged or cut off (no marker at byte {position})")
        marker, marker_at = jpeg[position + 1], position
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
        stray = marker_at - start - jpeg.count(b"\xff", start, marker_at)
        position = _end_of_scan(jpeg, end) if marker == SOS else end
        segments.append(
            Segment(marker, payload, start, position, view[end:position], stray)
        )


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
        or (s.marker == APP0 and s.payload[:5] == JFIF_PREFIX)
        or (s.marker == APP14 and s.payload[:5] == ADOBE_PREFIX)
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


def cleaned(segments: Iterable[Segment]) -> bytes:
    """Returns a JPEG of the picture alone, with the headers that decoders trust.

    The pixels stay those that libjpeg makes of the file. Bytes that belong to no
    segment are gone, and values at which libjpeg only shakes its head have the value
    that it takes in their place: the version of a JFIF header, a colour transform of
    an Adobe header that does not exist, the spectral bytes of a sequential scan. So
    whatever libjpeg warns about is damage.
    """
    segments = list(segments)
    parts: list[bytes | memoryview] = [b"\xff\xd8"]
    frame = next((s for s in segments if s.marker in FRAMES), None)
    for segment in segments:
        payload = bytes(segment.payload)
        scan: bytes | memoryview = b""
        if segment.marker == APP0 and payload[:5] == JFIF_PREFIX:
            payload = JFIF_PREFIX + b"\1\1\0\0\1\0\1\0\0"
        elif segment.marker == APP14 and payload[:5] == ADOBE_PREFIX:
            payload = _with_known_transform(payload, frame)
        elif segment.is_metadata:
            continue
        elif segment.marker == SOS:
            scan = segment.scan
            if frame and frame.marker in SEQUENTIAL and len(payload) >= 4:
                payload = payload[:-3] + b"\0\x3f\0"
        size = (len(payload) + 2).to_bytes(2, "big")
        parts += [bytes((0xFF, segment.marker)), size, payload, scan]
    return b"".join([*parts, b"\xff\xd9"])


def unknown_transform(segments: Iterable[Segment]) -> int | None:
    """Returns the colour transform of an Adobe header if no such transform exists."""
    segments = list(segments)
    frame = next((s for s in segments if s.marker in FRAMES), None)
    for adobe in payloads(segments, APP14, ADOBE_PREFIX):
        full = ADOBE_PREFIX + adobe
        if _with_known_transform(full, frame) != full:
            return full[_TRANSFORM]
    return None


def _with_known_transform(adobe: bytes, frame: Segment | None) -> bytes:
    components = frame.payload[5] if frame and len(frame.payload) > 5 else 3
    known = {3: (0, 1), 4: (0, 2)}.get(components)
    if known is None or len(adobe) <= _TRANSFORM or adobe[_TRANSFORM] in known:
        return adobe
    return adobe[:_TRANSFORM] + bytes((known[1],)) + adobe[_TRANSFORM + 1 :]


def count_stray(segments: Iterable[Segment]) -> int:
    """Counts the bytes between segments that are neither segments nor fill bytes."""
    return sum(s.stray for s in segments)


def split_payload(prefix: bytes, data: bytes) -> list[bytes]:
    """Splits data into payloads of at most PAYLOAD_MAX bytes, each with the prefix."""
    step = PAYLOAD_MAX - len(prefix)
    return [prefix + data[i : i + step] for i in range(0, max(len(data), 1), step)]
