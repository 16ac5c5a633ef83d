"""Splits and joins XMP packets, which a JPEG holds as a main and an extended one."""

from __future__ import annotations

import hashlib
import re

from comrec.jpeg import segments as seg

EXTENSION_PREFIX = b"http://ns.adobe.com/xmp/extension/\0"
PACKET_MAX_BYTES = seg.PAYLOAD_MAX - len(seg.XMP_PREFIX)
EXTENDED_MAX_BYTES = 2**26
_GUID_BYTES, _HEAD_BYTES = 32, 40
_STEP = 65_000  # of an extended packet in one segment, as Adobe's tools split it
_ORIENTATION = re.compile(rb'tiff:Orientation(?:="|>)([1-8])')
_HAS_EXTENDED = re.compile(
    rb'xmpNote:HasExtendedXMP="[^"<]*"'
    rb"|<xmpNote:HasExtendedXMP>[^<]*</xmpNote:HasExtendedXMP>"
)
_RDF, _RDF_END = b"<rdf:RDF", b"</rdf:RDF>"
_DECLARATIONS_MAX_BYTES = 2**14  # of one element; bounds the time for a hostile packet
_STUB = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/'
    b'02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:xmpNote="http://ns.'
    b'adobe.com/xmp/note/" xmpNote:HasExtendedXMP="%s"/></rdf:RDF></x:xmpmeta>'
)


def needs_extension(packet: bytes) -> bool:
    """Tells whether a packet fits into a JPEG as an extended one alone."""
    return PACKET_MAX_BYTES < len(packet) <= EXTENDED_MAX_BYTES


def guid_of(extended: bytes) -> bytes:
    """Returns the 32 digits by which a main packet names an extended one."""
    return hashlib.md5(extended, usedforsecurity=False).hexdigest().upper().encode()


def stub_for(packet: bytes) -> bytes:
    """Returns a main packet that says nothing but that `packet` is its extended one."""
    return _STUB % guid_of(packet)


def split(main: bytes, extended: bytes) -> list[bytes]:
    """Returns the payloads of the segments of an extended packet."""
    guid = next(iter(_named(main)), guid_of(extended))
    size = len(extended).to_bytes(4, "big")
    return [
        EXTENSION_PREFIX
        + guid
        + size
        + at.to_bytes(4, "big")
        + extended[at : at + _STEP]
        for at in range(0, len(extended), _STEP)
    ]


def joined(main: bytes, parts: list[bytes]) -> bytes | None:
    """Joins an extended packet.

    Args:
      main: the main packet, which names it.
      parts: payloads of its segments, without their prefix.

    Returns:
      The packet, or None where a part is missing or the main packet names none.
    """
    named = _named(main)
    mine = [p for p in parts if p[:_GUID_BYTES] in named and len(p) >= _HEAD_BYTES]
    pieces = {int.from_bytes(p[36:40], "big"): p[_HEAD_BYTES:] for p in mine}
    size, at, out = (int.from_bytes(mine[0][32:36], "big") if mine else 0), 0, []
    while pieces.get(at):
        out.append(pieces[at])
        at += len(pieces[at])
    return b"".join(out) if mine and at == size <= EXTENDED_MAX_BYTES else None


def _named(main: bytes) -> list[bytes]:
    found = _HAS_EXTENDED.search(main)
    return re.findall(rb"[0-9A-Fa-f]{32}", found[0]) if found else []


def merged(main: bytes | None, extended: bytes | None) -> bytes | None:
    """Returns one packet of both, for formats that hold packets of any size.

    Returns:
      The packet; None where the two cannot be joined.
    """
    if main is None or extended is None:
        return main
    if main == stub_for(extended):
        return extended
    alone = _HAS_EXTENDED.sub(b"", main)
    place = alone.rfind(_RDF_END)
    start, end = extended.find(_RDF), extended.rfind(_RDF_END)
    inside = extended.find(b">", start) + 1
    head = extended[start:inside]
    if place < 0 or not 0 <= start < inside <= end:
        return None
    if len(head) > _DECLARATIONS_MAX_BYTES:
        return None
    inner = extended[inside:end]
    if spaces := _declarations(head, inner):  # of prefixes, outside of the records
        inner = inner.replace(b"<rdf:Description", b"<rdf:Description" + spaces)
    return alone[:place] + inner + alone[place:]


def _declarations(head: bytes, inner: bytes) -> bytes:
    """Returns the namespaces of an element that its content does not declare."""
    each = re.findall(rb'\s(xmlns:\w+)="([^"]*)"', head)
    missing = [pair for pair in each if pair[0] + b"=" not in inner]
    return b"".join(b' %s="%s"' % pair for pair in missing)


def orientation(packet: bytes | None) -> int:
    """Returns the orientation that XMP says, 1 to 8; 0 where it says none."""
    found = _ORIENTATION.search(packet or b"")
    return int(found[1]) if found else 0


def upright(packet: bytes) -> bytes:
    """Returns a packet whose orientation is 1."""
    return re.sub(rb'(tiff:Orientation(?:="|>))[2-8]', rb"\g<1>1", packet)
