"""XMP of any size goes through the segments of a JPEG, and becomes one packet again."""

from __future__ import annotations

import time
from xml.etree import ElementTree

import pytest

from comrec.image import xmp

RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
EXTENDED = (
    f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {RDF} xmlns:p="urn:p">'
    f'<rdf:Description rdf:about="" p:big="{"y" * 150_000}"/></rdf:RDF></x:xmpmeta>'
).encode()
MAIN = (
    f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {RDF}><rdf:Description rdf:about="" '
    f'xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmlns:tiff="urn:t" '
    f'tiff:Orientation="6" xmpNote:HasExtendedXMP="{xmp.guid_of(EXTENDED).decode()}"/>'
    "</rdf:RDF></x:xmpmeta>"
).encode()


def parts() -> list[bytes]:
    return [p.removeprefix(xmp.EXTENSION_PREFIX) for p in xmp.split(MAIN, EXTENDED)]


@pytest.mark.parametrize("order", [1, -1])
def test_the_parts_join_whatever_their_order(order):
    assert xmp.joined(MAIN, parts()[::order]) == EXTENDED


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_with_a_part_missing_there_is_no_packet(lost):
    kept = [p for i, p in enumerate(parts()) if i != lost]
    assert xmp.joined(MAIN, kept) is None


def test_parts_that_the_main_packet_does_not_name_are_no_packet():
    assert xmp.joined(b"<x/>", parts()) is None
    assert xmp.joined(MAIN, [b"\0" * 9]) is None


def test_two_packets_become_one_of_both_that_is_well_formed():
    whole = xmp.merged(MAIN, EXTENDED)
    tree = ElementTree.fromstring(whole)
    text = ElementTree.tostring(tree).decode()
    assert "HasExtendedXMP" not in text
    assert "y" * 150_000 in text
    assert xmp.orientation(whole) == 6


def test_a_packet_split_here_comes_back_as_it_was():
    assert xmp.merged(xmp.stub_for(EXTENDED), EXTENDED) == EXTENDED
    ElementTree.fromstring(xmp.stub_for(EXTENDED))


def test_packets_that_cannot_be_joined_are_told():
    assert xmp.merged(MAIN, b"no RDF") is None
    assert xmp.merged(MAIN, None) == MAIN


@pytest.mark.parametrize(
    "form", [b'tiff:Orientation="6"', b"<tiff:Orientation>6</tiff:Orientation>"]
)
def test_the_orientation_is_read_and_reset(form):
    assert xmp.orientation(form) == 6
    assert xmp.orientation(xmp.upright(form)) == 1
    assert xmp.orientation(None) == 0


@pytest.mark.parametrize(
    "packet",
    [b" " * 300_000, b"<rdf:RDF" * 40_000, b"xmpNote:HasExtendedXMP=\"" * 20_000,
     b"<rdf:RDF" + b' xmlns:a="' * 40_000 + b"></rdf:RDF>"],
    ids=["spaces", "elements", "names", "declarations"],
)  # fmt: skip
def test_a_hostile_packet_takes_no_time(packet):
    started = time.process_time()
    xmp.merged(packet + b"</rdf:RDF>", packet)
    xmp.joined(packet, [packet[:60]])
    xmp.orientation(xmp.upright(packet))
    assert (
        time.process_time() - started < 5
    )  # hundredths of a second; a square takes 60
