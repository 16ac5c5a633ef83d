"""Kinds of metadata to keep, and what a web page needs."""

from __future__ import annotations

import pictures
import profiles
import pytest
from PIL import Image

from comrec.image import icc, kept
from comrec.image.metadata import KINDS, Metadata
from comrec.image.notes import Notes


def exif(**tags: str) -> bytes:
    block = Image.Exif()
    for tag, value in tags.items():
        block[{"artist": 0x013B, "owner": kept.COPYRIGHT}[tag]] = value
    return block.tobytes().removeprefix(b"Exif\0\0")


IPTC = b"8BIM\x04\x04\0\0\0\0\0\x08\x1c\x02\x74\0\x03Ann"
RIGHTS = (
    b"<dc:rights><rdf:Alt><rdf:li xml:lang='x-default'>Ann &amp; Co</rdf:li></rdf:Alt>"
    b"</dc:rights>"
)


@pytest.mark.parametrize(
    ("metadata", "owner"),
    [
        (Metadata(), ""), (Metadata(exif=exif(artist="Bob")), ""),
        (Metadata(exif=exif(artist="B", owner="Ann"), iptc=IPTC[:-3] + b"Eve"), "Ann"),
        (Metadata(exif=b"damaged", iptc=IPTC), "Ann"), (Metadata(iptc=IPTC), "Ann"),
        (Metadata(xmp=RIGHTS), "Ann & Co"),
        (Metadata(xmp=b'<rdf:Description dc:rights="Ann"/>'), "Ann"),
        (Metadata(xmp=b"<dc:rights>Ann</dc:rights>"), "Ann"),
    ],
    ids=["none", "artist", "EXIF", "damaged", "IPTC", "XMP", "attribute", "plain"],
)  # fmt: skip
def test_the_copyright_is_found_and_nothing_else_is_kept_for_the_web(metadata, owner):
    assert kept.copyright_of(metadata) == owner
    found = kept.for_web(metadata, Notes())
    assert found.kinds() == (["exif"] if owner else [])
    block = Image.Exif()
    block.load(found.exif or b"")
    assert dict(block) == ({kept.COPYRIGHT: owner} if owner else {})


@pytest.mark.parametrize("kinds", [("web",), ["web"]])
def test_srgb_goes_without_saying_and_other_profiles_are_kept_in_few_bytes(kinds):
    notes = Notes()
    assert kept.choose(Metadata(icc=pictures.srgb()), kinds, notes) == Metadata()
    p3 = kept.choose(Metadata(icc=profiles.display_p3()), kinds, notes)
    assert icc.identify(p3.icc).name == "Display P3"
    unknown = Metadata(icc=b"unknown", comment=(b"seen",))
    assert kept.choose(unknown, kinds, notes) == Metadata(icc=b"unknown")


def test_kinds_are_chosen_and_a_known_profile_is_stored_in_few_bytes():
    metadata, notes = Metadata(icc=pictures.srgb(), comment=(b"seen",)), Notes()
    assert kept.choose(metadata, ("comment",), notes) == Metadata(comment=(b"seen",))
    assert notes == Notes()
    found = kept.choose(metadata, KINDS, notes)
    assert found.comment == (b"seen",)
    assert len(found.icc) < min(500, len(metadata.icc))
    assert len(notes.lines) == 1
