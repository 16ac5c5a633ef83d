"""Unpacks single .lep files, whose header is written out so that it can be changed."""

from __future__ import annotations

import zlib

import trials
from trials import MAX_PIXELS, Violation

from comrec.errors import ComrecError
from comrec.jpeg import lepton

FOLDER = trials.ROOT / "tests" / "data" / "golden-packed"
# Of the fixed header: its end, and where the length of the deflated header is.
_FIXED, _LENGTH = 28, slice(24, 28)


def seeds() -> list[bytes]:
    """Returns the golden packed files, with their headers inflated."""
    return [opened(path.read_bytes()) for path in sorted(FOLDER.glob("*.lep"))]


def opened(packed: bytes) -> bytes:
    """Inflates the header of a .lep; most mutants of a deflated one look alike."""
    end = _FIXED + int.from_bytes(packed[_LENGTH], "little")
    header = zlib.decompress(packed[_FIXED:end])
    length = len(header).to_bytes(4, "little")
    return packed[:24] + length + header + packed[end:]


def sealed(data: bytes) -> bytes:
    """Returns the .lep of an opened one: its size is right, and it has no checksum."""
    end = _FIXED + int.from_bytes(data[_LENGTH], "little")
    header = zlib.compress(data[_FIXED:end])
    length = len(header).to_bytes(4, "little")
    body = bytearray(data[:24] + length + header + data[end:-4])
    body[lepton.CHECK_AT] = bytes(len(body[lepton.CHECK_AT]))
    return bytes(body) + (len(body) + 4).to_bytes(4, "little")


def unpack(data: bytes) -> str:
    """Unpacks an opened .lep that may be damaged; returns "read" or "refused".

    Raises:
      Violation: the JPEG has another size than the header says.
    """
    packed = sealed(data)
    try:
        jpeg = lepton.unpack(packed, MAX_PIXELS)
    except ComrecError as err:
        return trials.refusal(err)
    if len(jpeg) != lepton.original_bytes(packed):
        raise Violation("another size than the header has")
    return "read"
