"""PNG: no decoder gets more than the picture; what is beside it is accounted for."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pictures
import pytest
from pictures import chunk, png_of

from comrec.errors import ImageError
from comrec.image import reader
from comrec.image.formats import decoders, png, png_text
from comrec.image.notes import Notes

ROWS = b"\0\1\2\3\4"  # of a grey picture of 4 pixels
GREY = 4, 1, 8, 0, ROWS
ACTL, FCTL = struct.pack(">II", 2, 0), bytes(26)
FRAMES = ((b"fcTL", FCTL), (b"fdAT", b"\0\0\0\1" + ROWS))


def test_the_decoder_gets_the_chunks_of_the_picture_alone(monkeypatch):
    got = []
    row = decoders.TABLE["PNG"]
    spy = row._replace(decode=lambda data: got.append(data) or row.decode(data))
    monkeypatch.setitem(decoders.TABLE, "PNG", spy)
    data = png_of(
        *GREY, (b"acTL", ACTL), (b"eXIf", b"x"), (b"tEXt", b"a\0b"), (b"tRNS", b"\0\1"),
        after=FRAMES,
    )  # fmt: skip
    reader.read(data + b"more")
    kinds = [c.kind for c in png.chunks(got[0])]
    assert kinds == [b"IHDR", b"tRNS", b"IDAT", b"IEND"]


@pytest.mark.parametrize("bits", [8, 16])
def test_of_an_animation_beside_it_the_default_image_is_taken(bits):
    row = ROWS if bits == 8 else b"\0" + np.arange(1, 5, dtype=">u2").tobytes() * 1
    pixels = [[1, 2, 3, 4]] if bits == 8 else [[0, 0, 0, 0]]
    data = png_of(4, 1, bits, 0, row, (b"acTL", ACTL), after=FRAMES)
    picture = reader.read(data)
    assert picture.pixels[..., 0].tolist() == pixels
    assert "frames" in picture.left_out
    assert picture.notes[0] == "the default image was taken, 2 more left out"


@pytest.mark.parametrize("kind", [b"acTL", b"fcTL", b"fdAT"])
def test_a_part_of_an_animation_that_is_too_short_is_refused(kind):
    data = png_of(4, 1, 16, 0, ROWS + bytes(4), after=((kind, b"\0\0\1"),))
    with pytest.raises(ImageError, match="animation is too short"):
        reader.read(data)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_the_level_that_grey_names_as_clear_is_clear_at_every_depth(bits):
    levels = np.arange(2**bits if bits < 8 else 16, dtype=np.uint8)
    per_byte = 8 // bits
    packed = [
        sum(
            int(n) << (8 - bits * (i + 1)) for i, n in enumerate(levels[at:][:per_byte])
        )
        for at in range(0, len(levels), per_byte)
    ]
    data = png_of(len(levels), 1, bits, 0, bytes([0, *packed]), (b"tRNS", b"\0\1"))
    picture = reader.read(data)
    top = 255 // (2**bits - 1)
    assert picture.pixels[0, :, 0].tolist() == (levels * top).tolist()
    assert picture.alpha[0].tolist() == [0 if n == 1 else 255 for n in levels]


def test_one_pixel_is_read():
    assert reader.read(png_of(1, 1, 8, 0, b"\0\7")).pixels.tolist() == [[[7]]]


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ((b"tRNS", b"\0"), "transparency"), ((b"ABCD", b""), "part of its own kind"),
        ((b"IHDR", bytes(13)), "header makes no sense"),
    ],
)  # fmt: skip
def test_chunks_that_make_no_sense_are_refused(extra, said):
    with pytest.raises(ImageError, match=said):
        reader.read(png_of(*GREY, extra))


def test_a_palette_is_needed_where_pixels_are_of_it():
    with pytest.raises(ImageError, match="no palette"):
        reader.read(png_of(4, 1, 8, 3, ROWS))


def test_ten_thousand_chunks_are_walked_and_more_than_the_limit_refused(monkeypatch):
    monkeypatch.setattr(png, "CHUNKS_MAX", 20)
    many = [(b"tEXt", b"a\0b")] * 30
    with pytest.raises(ImageError, match="more than 20 chunks"):
        reader.read(png_of(*GREY, *many))


@pytest.mark.parametrize(
    ("extra", "kind"),
    [
        ((b"caBX", b"jumb"), "content credentials"),
        ((b"prVt", b""), "application data"),
    ],
)  # fmt: skip
def test_what_is_of_no_known_kind_is_named(extra, kind):
    assert reader.read(png_of(*GREY, extra)).left_out == (kind,)


@pytest.mark.parametrize(
    "extra", [(b"bKGD", b"\0\1"), (b"sBIT", b"\5"), (b"sRGB", b"\0")]
)
def test_hints_on_the_samples_of_the_file_need_no_note(extra):
    assert reader.read(png_of(*GREY, extra)).notes == ()


def test_data_after_the_picture_are_named_and_padding_is_not():
    assert reader.read(png_of(*GREY) + b"\0\0\n").left_out == ()
    assert reader.read(png_of(*GREY) + b"zip").left_out == ("trailing data",)


@pytest.mark.parametrize(
    ("pixels_per_metre", "density"),
    [((11_811, 11_811, 1), (1, 300, 300)), ((10_000, 5_000, 1), (1, 254, 127)),
     ((3, 1, 0), (0, 3, 1)), ((0, 0, 1), None)],
)  # fmt: skip
def test_the_density_is_read(pixels_per_metre, density):
    data = png_of(*GREY, (b"pHYs", struct.pack(">IIB", *pixels_per_metre)))
    assert reader.read(data).metadata.density == density


def test_a_large_profile_is_kept_and_a_bomb_is_left_out_with_a_note():
    icc = np.random.default_rng(1).bytes(2**21)
    data = pictures.file_of(pictures.photo(9, 9), "PNG", icc_profile=icc)
    assert reader.read(data).metadata.icc == icc
    bomb = b"x\0\0" + zlib.compress(bytes(2**25))
    picture = reader.read(png_of(*GREY, (b"iCCP", bomb)))
    assert picture.metadata.icc is None
    assert picture.left_out == ("icc",)


def test_a_wrong_checksum_is_damage_wherever_it_is():
    data = png_of(*GREY, (b"tEXt", b"a\0b"))
    place = data.index(chunk(b"tEXt", b"a\0b"))
    with pytest.raises(
        ImageError, match=f"checksum of a chunk is wrong, at byte {place}"
    ):
        list(png.chunks(data[: place + 8] + b"z" + data[place + 9 :]))
    assert png.parse(data, Notes()).metadata.text == b"\0\0\0\3tEXta\0b"


ICC = b"x\0\0" + zlib.compress(b"a profile")
LINEAR, PQ, PLAIN = b"\1\x08\0\1", b"\x09\x10\0\1", b"\1\x0d\0\1"


@pytest.mark.parametrize(
    ("cicp", "is_kept", "left_out"),
    [(PLAIN, True, ()), (PQ, True, ("colour space",)), (LINEAR, False, ("icc",))],
)
def test_cicp_goes_before_a_profile_and_neither_is_lost_in_silence(
    cicp, is_kept, left_out
):
    picture = reader.read(png_of(*GREY, (b"iCCP", ICC), (b"cICP", cicp)))
    assert (picture.metadata.icc == b"a profile") == is_kept
    assert picture.left_out == left_out


def test_gamma_beside_a_profile_counts_for_nothing():
    gamma = (b"gAMA", (100_000).to_bytes(4, "big"))
    picture = reader.read(png_of(*GREY, (b"iCCP", ICC), gamma))
    assert picture.metadata.icc == b"a profile"


def test_of_repeated_blocks_the_first_is_taken_with_a_note():
    ours, other = pictures.exif(artist="A")[6:], pictures.exif(artist="B")[6:]
    text = png_text.raw_profile(b"exif", other)
    for extra in (
        [(b"eXIf", ours), (b"eXIf", other)],
        [(b"eXIf", ours), (b"zTXt", text)],
    ):
        picture = reader.read(pictures.png_of(2, 1, 8, 0, b"\0ab", *extra))
        assert picture.metadata.exif == ours
        assert picture.notes == ("the first of 2 EXIF blocks was taken",)
    same = png_text.raw_profile(b"exif", ours)
    data = pictures.png_of(2, 1, 8, 0, b"\0ab", (b"eXIf", ours), (b"zTXt", same))
    assert reader.read(data).notes == ()
    twice = [
        (b"zTXt", png_text.raw_profile(b"iptc", n)) for n in (b"\x1c\2", b"\x1c\3")
    ]
    picture = reader.read(pictures.png_of(2, 1, 8, 0, b"\0ab", *twice))
    assert picture.left_out == ("iptc",)
