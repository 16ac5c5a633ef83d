"""EXIF, ICC and XMP on their way through a JPEG."""

import io
import zlib

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms

from comrec.errors import ImageError
from comrec.image import metadata, xmp
from comrec.image.metadata import Metadata
from comrec.image.notes import Notes
from comrec.jpeg import segments as seg

RNG = np.random.default_rng(2)
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a>\xc3\xa9</a></x:xmpmeta>'


def plain_jpeg() -> bytes:
    out = io.BytesIO()
    Image.new("L", (8, 8), 100).save(out, "JPEG")
    return out.getvalue()


def exif_block(text: str) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = text
    return exif.tobytes().removeprefix(b"Exif\0\0")


SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
FULL = Metadata(exif_block("a house"), SRGB, XMP)


def through(block: Metadata) -> Metadata:
    jpeg = seg.insert(plain_jpeg(), metadata.to_segments(block))
    return metadata.from_segments(seg.parse(jpeg))


@pytest.mark.parametrize(
    "block",
    [
        Metadata(),
        FULL,
        FULL.only(["exif"]),
        FULL.only(["icc"]),
        FULL.only(["xmp"]),
        Metadata(icc=b"\0"),
        Metadata(icc=RNG.bytes(65_519)),  # what one segment holds
        Metadata(icc=RNG.bytes(65_520)),
        Metadata(icc=RNG.bytes(200_000)),
        Metadata(
            exif=RNG.bytes(65_527), xmp=RNG.bytes(65_504)
        ),  # all there is room for
    ],
)
def test_metadata_comes_back_byte_for_byte(block):
    assert metadata.fit_jpeg(block) == (block, Notes())
    assert through(block) == block


def test_other_software_reads_it():
    jpeg = seg.insert(plain_jpeg(), metadata.to_segments(FULL))
    with Image.open(io.BytesIO(jpeg)) as picture:
        assert picture.getexif()[ExifTags.Base.ImageDescription] == "a house"
        assert picture.info["icc_profile"] == SRGB
        assert picture.info["xmp"] == XMP
        picture.load()


def test_a_profile_of_several_segments_is_read_by_other_software():
    icc = SRGB + RNG.bytes(200_000)
    jpeg = seg.insert(plain_jpeg(), metadata.to_segments(Metadata(icc=icc)))
    assert [s.marker for s in seg.parse(jpeg)].count(seg.APP2) == 4
    with Image.open(io.BytesIO(jpeg)) as picture:
        assert picture.info["icc_profile"] == icc


def test_what_other_software_wrote_is_read():
    out = io.BytesIO()
    icc = SRGB + RNG.bytes(100_000)
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = "a house"
    Image.new("RGB", (8, 8)).save(out, "JPEG", exif=exif, icc_profile=icc, xmp=XMP)
    assert metadata.from_segments(seg.parse(out.getvalue())) == Metadata(
        FULL.exif, icc, XMP
    )


def test_profile_segments_join_by_their_number_not_their_order():
    icc = RNG.bytes(150_000)
    backwards = metadata.to_segments(Metadata(icc=icc))[::-1]
    found = metadata.from_segments(seg.parse(seg.insert(plain_jpeg(), backwards)))
    assert found.icc == icc


@pytest.mark.parametrize("kept", [[], [0], [0, 1], [1, 2], [0, 0, 2], [0, 1, 2, 2]])
def test_a_profile_with_a_part_missing_or_twice_is_left_out(kept):
    parts = metadata.to_segments(Metadata(icc=RNG.bytes(150_000)))
    assert len(parts) == 3
    jpeg = seg.insert(plain_jpeg(), [parts[i] for i in kept])
    assert metadata.from_segments(seg.parse(jpeg)).icc is None


@pytest.mark.parametrize("payload", [b"", b"\x01", b"\x01\x01", b"\x00\x00x"])
def test_a_stub_of_a_profile_is_left_out(payload):
    jpeg = seg.insert(plain_jpeg(), [(seg.APP2, seg.ICC_PREFIX + payload)])
    assert metadata.from_segments(seg.parse(jpeg)).icc is None


@pytest.mark.parametrize(
    ("kind", "limit"),
    # 65,533 less the name of the block; ICC: 255 segments less name and count.
    [("exif", 65_527), ("icc", 255 * 65_519)],
)
def test_what_no_jpeg_holds_is_left_out_with_a_note(kind, limit):
    fits, beyond = bytes(limit), bytes(limit + 1)
    assert metadata.fit_jpeg(Metadata(**{kind: fits}))[1] == Notes()
    full = Metadata(b"e", b"i", b"x")
    kept, notes = metadata.fit_jpeg(Metadata(**(vars(full) | {kind: beyond})))
    assert kept == full.only({"exif", "icc", "xmp"} - {kind})
    assert notes.left_out == [kind]
    assert notes.lines == [
        f"{kind.upper()} of {limit + 1} bytes left out: a JPEG holds {limit}"
    ]


def test_only_keeps_the_kinds_that_are_named():
    assert FULL.only([]) == Metadata()
    assert FULL.only(["icc", "exif"]) == Metadata(FULL.exif, SRGB, None)
    assert FULL.only(["exif", "icc", "xmp"]) == FULL


@pytest.mark.parametrize("block", [None, FULL.exif])
@pytest.mark.parametrize("turn", [1, 6, 8])
def test_the_orientation_is_set_and_the_rest_of_exif_kept(block, turn):
    exif = Image.Exif()
    exif.load(metadata.with_orientation(block, turn))
    assert exif[ExifTags.Base.Orientation] == turn
    kept = exif.get(ExifTags.Base.ImageDescription)
    assert kept == (None if block is None else "a house")


def test_every_kind_comes_back_byte_for_byte():
    block = Metadata(
        exif_block("a house"), SRGB, XMP, None, b"8BIM" + RNG.bytes(150_000),
        ("Grüße".encode("latin-1"), b"two"), (1, 300, 72),
        b"".join(len(d).to_bytes(4, "big") + b"tEXt" + d for d in (b"a\0b", b"c\0d")),
    )  # fmt: skip
    jpeg = metadata.insert(plain_jpeg(), block, [])
    assert metadata.from_segments(seg.parse(jpeg)) == block
    with Image.open(io.BytesIO(jpeg)) as picture:
        assert picture.info["dpi"] == (300, 72)
        picture.load()


@pytest.mark.parametrize("size", [65_505, 200_000])
def test_xmp_beyond_one_segment_is_split_and_comes_back(size):
    packet = b"<x:xmpmeta>" + RNG.bytes(size - 23) + b"</x:xmpmeta>"
    kept, notes = metadata.fit_jpeg(Metadata(xmp=packet))
    found = through(kept)
    assert notes == Notes()
    assert xmp.merged(found.xmp, found.extended_xmp) == packet
    assert found.lacks(Metadata(xmp=packet)) == []


def test_what_is_missing_or_otherwise_is_named():
    assert Metadata().lacks(FULL) == ["exif", "icc", "xmp"]
    assert FULL.lacks(Metadata()) == []
    other = Metadata(FULL.exif, SRGB, XMP, comment=(b"x",))
    assert Metadata(exif_block("?"), SRGB, XMP).lacks(other) == ["exif", "comment"]


def test_the_comment_that_marks_restored_files_is_no_comment_of_the_user():
    jpeg = seg.insert(plain_jpeg(), [(seg.COM, b"comrec"), (seg.COM, b"mine")])
    assert metadata.from_segments(seg.parse(jpeg)).comment == (b"mine",)


@pytest.mark.parametrize("level", [b"", b"\0" * 10])
def test_a_compressed_block_is_read_within_a_limit(level):
    packed = zlib.compress(level)
    assert metadata.inflated(packed, 10) == level
    for bad, limit in ((packed, 9), (packed[:-5], 10), (b"no zlib", 10)):
        if level or bad != packed:
            with pytest.raises(ImageError, match="compressed metadata"):
                metadata.inflated(bad, limit)
