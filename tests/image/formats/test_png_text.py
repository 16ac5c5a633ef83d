"""Texts of a PNG come back as they are; blocks in texts are read as what they are."""

from __future__ import annotations

import zlib

import pictures
import pytest

from comrec.image.formats import png_text
from comrec.image.metadata import Metadata
from comrec.image.notes import Notes

EXIF = pictures.exif().removeprefix(b"Exif\0\0")
IPTC = b"\x1c\2\x19\0\4boat"
RESOURCE = png_text.IPTC_RESOURCE + (9).to_bytes(4, "big") + IPTC
TEXTS = [
    (b"tEXt", b"Title\0Rain"), (b"zTXt", b"parameters\0\0" + zlib.compress(b"x" * 9)),
    (b"iTXt", b"Comment\0\0\0de\0\0" + "Grüße".encode()), (b"tIME", bytes(7)),
]  # fmt: skip


def test_texts_come_back_byte_for_byte():
    found = png_text.read(TEXTS, Notes())
    assert found == Metadata(text=found.text)
    assert png_text.split(found.text) == TEXTS


def test_the_mark_of_comrec_is_no_text_of_the_user():
    found = png_text.read([(b"tEXt", b"Software\0comrec"), TEXTS[0]], Notes())
    assert png_text.split(found.text) == TEXTS[:1]


@pytest.mark.parametrize(
    ("name", "block", "kind", "wanted"),
    [
        (b"exif", b"Exif\0\0" + EXIF, "exif", EXIF), (b"APP1", EXIF, "exif", EXIF),
        (b"iptc", IPTC, "iptc", RESOURCE), (b"8bim", RESOURCE, "iptc", RESOURCE),
        (b"xmp", b"<x/>", "xmp", b"<x/>"), (b"icc", b"profile", "icc", b"profile"),
    ],
)  # fmt: skip
def test_blocks_in_hexadecimal_are_read(name, block, kind, wanted):
    chunk = png_text.raw_profile(name, block)
    assert png_text.read([(b"zTXt", chunk)], Notes()) == Metadata(**{kind: wanted})


@pytest.mark.parametrize("packed", [False, True])
def test_xmp_is_read_from_its_text(packed):
    body = zlib.compress(b"<x/>") if packed else b"<x/>"
    data = png_text.XMP_KEYWORD + b"\0" + bytes((packed,)) + b"\0\0\0" + body
    assert png_text.read([(b"iTXt", data)], Notes()) == Metadata(xmp=b"<x/>")


def test_a_damaged_block_costs_one_note():
    notes = Notes()
    chunks = [(b"zTXt", b"Raw profile type exif\0\0no zlib"), TEXTS[0]]
    assert png_text.read(chunks, notes).kinds() == ["text"]
    assert notes.left_out == ["text"]


def test_texts_beyond_the_limit_cost_one_note(monkeypatch):
    monkeypatch.setattr(png_text, "TEXT_MAX_BYTES", 20)
    notes = Notes()
    png_text.read([TEXTS[0]] * 3, notes)
    assert notes.lines == ["texts beyond 20 bytes left out"]


def test_a_damaged_list_of_chunks_ends_at_the_damage():
    good = png_text.read(TEXTS, Notes()).text
    assert png_text.split(good[:-1]) == TEXTS[:-1]
    assert png_text.split(b"\0\0\0\1IDATx") == []
