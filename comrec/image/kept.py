"""Chooses the metadata to keep, in few bytes: kinds, or what a web page needs."""

from __future__ import annotations

import re
import struct
from collections.abc import Collection
from xml.sax.saxutils import unescape

from PIL import Image

from comrec.image import icc
from comrec.image.metadata import Metadata
from comrec.image.notes import Notes

WEB = "web"
COPYRIGHT = 0x8298
_IPTC = b"\x1c\x02\x74"  # record 2, data set 116
_XMP = re.compile(
    rb"<dc:rights\b[^>]*>\s*(?:<rdf:Alt>\s*<rdf:li\b[^>]*>)?([^<]{1,2000})<"
    rb'|\bdc:rights="([^"]{1,2000})"'
)


def choose(metadata: Metadata, kinds: Collection[str], notes: Notes) -> Metadata:
    """Returns the metadata of some kinds, with a well-known profile in few bytes.

    Args:
      metadata: of the picture.
      kinds: some of `metadata.KINDS`, or WEB alone.
      notes: take what was replaced.
    """
    if tuple(kinds) == (WEB,):
        return for_web(metadata, notes)
    return icc.compact(metadata.only(kinds), notes)


def for_web(metadata: Metadata, notes: Notes) -> Metadata:
    """Returns the profile, but for sRGB, in few bytes, and EXIF with the copyright.

    The copyright of IPTC or XMP counts where EXIF has none.
    """
    kept = Metadata(icc=metadata.icc)
    if kept.icc and icc.is_srgb(kept.icc):
        kept = Metadata()
    kept = icc.compact(kept, notes)
    owner = copyright_of(metadata)
    if owner:
        exif = Image.Exif()
        exif[COPYRIGHT] = owner
        kept = kept.updated(exif=exif.tobytes().removeprefix(b"Exif\0\0"))
    return kept


def copyright_of(metadata: Metadata) -> str:
    """Returns the copyright that EXIF, IPTC or XMP states, or ""."""
    return _of_exif(metadata.exif) or _of_iptc(metadata.iptc) or _of_xmp(metadata)


def _of_exif(block: bytes | None) -> str:
    if not block:
        return ""
    exif = Image.Exif()
    try:
        exif.load(block)
        found = exif.get(COPYRIGHT, "")
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, struct.error):
        return ""  # damaged
    return found.strip("\0 ") if isinstance(found, str) else ""


def _of_iptc(resources: bytes | None) -> str:
    at = (resources or b"").find(_IPTC)
    if at < 0 or not resources:
        return ""
    size = int.from_bytes(resources[at + 3 : at + 5], "big")
    return resources[at + 5 : at + 5 + size].decode("utf-8", "replace").strip("\0 ")


def _of_xmp(metadata: Metadata) -> str:
    for packet in (metadata.xmp, metadata.extended_xmp):
        if found := _XMP.search(packet or b""):
            text = (found[1] or found[2]).decode("utf-8", "replace")
            return unescape(text, {"&quot;": '"', "&apos;": "'"}).strip()
    return ""
