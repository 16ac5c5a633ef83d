"""Packs JPEGs in the Lepton format, from which they come back to the byte.

The format: D. R. Horn et al., "The Design, Implementation, and Deployment of a System
to Transparently Compress Hundreds of Petabytes of Image Files for a File-Storage
Service", NSDI 2017. Its header has 15 bytes that decoders pass over. Here they hold the
CRC-32 of the JPEG as well, since Lepton itself does not notice all damage.
"""

from __future__ import annotations

import re
import zlib
from functools import cache
from importlib.util import find_spec

from comrec.errors import JpegError, UsageError
from comrec.jpeg.lepton_calls import CHECK, CHECK_AT, CRC_AT
from comrec.jpeg.segments import FRAMES, SEGMENTS_MAX
from comrec.system import files
from comrec.system.checks import MAX_PIXELS
from comrec.system.confined import CallError, Confined, EndedError, Limits

MAGIC = b"\xcf\x84\x01"  # with the version, which is the only one
PACKAGE = "lepton_jpeg_python"
JPEG_BYTES_MAX = 2**27  # decoders refuse larger ones
_HEADER_BYTES = 28
_SIZE, _COMPRESSED = slice(20, 24), slice(24, 28)
_SLACK_BYTES = 2**20  # of a header, besides what the JPEG itself has
_MARKER = re.compile(rb"\xff[\xc0-\xcf\xda-\xfe]")  # with a length
_PLACES = re.compile(r"\s+at \S+:\d+:\d+.*")  # of errors in the library's sources


def is_packed(data: bytes) -> bool:
    """Tells whether data begin as a Lepton file."""
    return data[:3] == MAGIC


def require() -> None:
    """Raises UsageError if the Lepton library is not installed."""
    if not find_spec(PACKAGE):
        raise UsageError("Lepton: not installed. pip install comrec[pack]")


def pack(jpeg: bytes, max_pixels: int = MAX_PIXELS) -> bytes:
    """Packs a JPEG, and checks that it comes back to the byte.

    Args:
      jpeg: the whole file.
      max_pixels: limit on the picture.

    Raises:
      JpegError: the data are no JPEG, or one that Lepton cannot pack.
      UsageError: the Lepton library is not installed.
    """
    if is_packed(jpeg):
        raise JpegError("packed already. Name the .jpg, or unpack it")
    if jpeg[:2] != b"\xff\xd8":
        raise JpegError("not a JPEG, and only JPEGs are packed. Leave it as it is")
    if len(jpeg) > JPEG_BYTES_MAX:
        raise JpegError(
            f"Lepton takes JPEGs of at most {JPEG_BYTES_MAX} bytes. Received: "
            f"{len(jpeg)}. Leave it as it is"
        )
    limits = _limits(jpeg, 2, len(jpeg), max_pixels)
    try:
        return _library().call("pack", jpeg, limits)
    except (CallError, EndedError) as err:
        raise JpegError(
            f"cannot be packed ({_reason(err)}). Leave it as it is"
        ) from err


def unpack(packed: bytes, max_pixels: int = MAX_PIXELS) -> bytes:
    """Returns the JPEG of a Lepton file.

    Args:
      packed: the whole file.
      max_pixels: limit on the picture, checked before the library reads the file.

    Raises:
      JpegError: the data are no Lepton file, or a damaged one.
      UsageError: the Lepton library is not installed.
    """
    size = original_bytes(packed)
    if size > min(files.picture_bytes(max_pixels), JPEG_BYTES_MAX):
        raise JpegError(
            f"packs a JPEG of {size} bytes, more than Lepton takes or {max_pixels} "
            f"pixels need. Use another copy"
        )
    limits = _limits(_read_header(packed, size), 0, size, max_pixels)
    try:
        jpeg = _library().call("unpack", packed, limits)
    except (CallError, EndedError) as err:
        raise JpegError(
            f"damaged: cannot be unpacked ({_reason(err)}). Use another copy"
        ) from err
    is_checked = packed[CHECK_AT] == CHECK
    crc = zlib.crc32(jpeg).to_bytes(4, "little")
    if len(jpeg) != size or (is_checked and crc != packed[CRC_AT]):
        raise JpegError("damaged: unpacks to another JPEG. Use another copy")
    return jpeg


def original_bytes(packed: bytes) -> int:
    """Returns the size in bytes of the JPEG in a Lepton file.

    Raises:
      JpegError: the data are no Lepton file, or one that was cut off.
    """
    if not is_packed(packed):
        raise JpegError("not a Lepton file. Name a .lep that `comrec pack` wrote")
    whole = int.from_bytes(packed[-4:], "little")
    if len(packed) <= _HEADER_BYTES or whole != len(packed):
        raise JpegError("damaged or cut off (its size is wrong). Use another copy")
    return int.from_bytes(packed[_SIZE], "little")


def _read_header(packed: bytes, size: int) -> bytes:
    """Returns the marker segments that a Lepton file repeats, without SOI.

    Args:
      packed: the whole file.
      size: of its JPEG, in bytes, which bounds that of the header.
    """
    end = _HEADER_BYTES + int.from_bytes(packed[_COMPRESSED], "little")
    inflate = zlib.decompressobj()
    try:
        header = inflate.decompress(packed[_HEADER_BYTES:end], 2 * size + _SLACK_BYTES)
    except zlib.error as err:
        raise JpegError("damaged (its header). Use another copy") from err
    length = int.from_bytes(header[3:7], "little")
    if not inflate.eof or header[:3] != b"HDR" or length > len(header) - 7:
        raise JpegError("damaged (its header). Use another copy")
    return header[7 : 7 + length]


def _limits(data: bytes, start: int, size: int, max_pixels: int) -> Limits:
    """Returns the limits of a call, by the frame header of a JPEG.

    Args:
      data: marker segments.
      start: of the first marker.
      size: of the JPEG, in bytes.
      max_pixels: limit on the picture.

    Raises:
      JpegError: there is no frame header, or the picture is beyond the limit.
    """
    height, width = frame_size(data, start)
    if height * width > max_pixels:
        raise JpegError(
            f"{width}x{height} is beyond the limit of {max_pixels} pixels. If the "
            f"file can be trusted, raise it with `max_pixels`"
        )
    # Coefficients of four components, twice, in blocks of up to 32x32 pixels.
    pixels = (height + 32) * (width + 32)
    memory_bytes = 2**29 + 16 * pixels + 8 * size
    seconds = 20 + 4 * pixels // 10**6 + size // 10**6
    return Limits(memory_bytes, seconds, size + _SLACK_BYTES)


def frame_size(data: bytes, position: int = 2) -> tuple[int, int]:
    """Returns (height_px, width_px) of the first frame header of a JPEG.

    Unlike `segments.parse` it takes a file whose picture data are damaged.

    Args:
      data: the JPEG.
      position: where the search begins; by default behind the SOI.

    Raises:
      JpegError: no frame header.
    """
    for _ in range(SEGMENTS_MAX):
        if not (found := _MARKER.search(data, position)):
            break
        body = data[found.end() : found.end() + 7]
        size, height, width = (
            int.from_bytes(body[i : i + 2], "big") for i in (0, 3, 5)
        )
        if data[found.end() - 1] in FRAMES:
            return height, width
        position = found.end() + max(size, 2)
    raise JpegError("damaged (no frame header). Use another copy")


@cache
def _library() -> Confined:
    require()
    return Confined("comrec.jpeg.lepton_calls")


def _reason(err: Exception) -> str:
    """Returns the library's reason without names of its functions and files."""
    text = _PLACES.sub("", str(err)).removeprefix("Compression failed: ")
    text = text.removeprefix("Decompression failed: ")
    return text.rstrip(". ")[:200]
