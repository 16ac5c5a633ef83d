"""Pictures to images of Pillow and back: modes, orientation, metadata."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import numpy as np
import pictures
import pytest
from PIL import Image, PngImagePlugin

from comrec.errors import ImageError
from comrec.image import exchange, reader, writer, xmp
from comrec.image import metadata as blocks
from comrec.image.formats import png_text
from comrec.image.metadata import Metadata
from comrec.image.notes import Notes
from comrec.image.picture import Picture
from comrec.jpeg import segments as seg

CASES = Path(__file__).parents[1] / "data" / "cases"


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize("name", sorted(pictures.exact_inputs()))
def test_an_image_of_pillow_has_the_pixels_of_its_file(name):
    data, array = pictures.exact_inputs()[name]
    np.testing.assert_array_equal(exchange.from_image(opened(data)).to_array(), array)


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("where", ["exif", "xmp"])
def test_an_image_is_stored_upright(turn, where):
    blocks = {
        "exif": {"exif": pictures.exif(turn)},
        "xmp": {"xmp": pictures.XMP % turn},
    }
    data = pictures.file_of(pictures.photo(), "JPEG", quality=90, **blocks[where])
    found, wanted = exchange.from_image(opened(data)), reader.read(data)
    np.testing.assert_array_equal(found.pixels, wanted.pixels)
    assert found.metadata == wanted.metadata


def metadata_of(suffix: str) -> tuple[bytes, list[str]]:
    """A file with every kind of metadata that Pillow reads, and those kinds."""
    kinds = {".tif": ["icc", "exif"], ".webp": ["exif", "icc", "xmp"]}
    legal = ["exif", "icc", "xmp", "iptc", "comment", "density"]
    if suffix == ".png":
        legal = ["exif", "icc", "xmp", "density", "text"]
    return writer.write(full(), suffix), kinds.get(suffix, legal)


def full() -> Picture:
    """A picture with metadata of every kind."""
    resource = b"8BIM\x04\x04\0\0\0\0\0\x08\x1c\x02\x78\0\x03odd"
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Title", "Astronaut")
    data = pictures.file_of(pictures.photo(), "PNG", pnginfo=texts)
    text = reader.read(data).metadata.text
    kept = Metadata(
        exif=pictures.exif(1).removeprefix(b"Exif\0\0"), icc=pictures.icc(),
        xmp=pictures.XMP % 1, iptc=resource, comment=(b"seen",), density=(1, 300, 150),
        text=text,
    )  # fmt: skip
    return Picture(pictures.photo(), None, kept)


def full_png() -> bytes:
    return writer.write(full(), ".png")


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_an_image_has_the_metadata_of_its_file(suffix):
    data, kinds = metadata_of(suffix)
    found = exchange.from_image(opened(data)).metadata
    wanted = reader.read(data).metadata
    for kind in kinds:
        assert getattr(found, kind) == getattr(wanted, kind) is not None, kind


def test_the_exif_of_a_tiff_comes_without_the_tags_of_its_samples():
    data, _ = metadata_of(".tif")
    image = opened(data)
    found = exchange.from_image(image).metadata
    exif = Image.Exif()
    exif.load(found.exif)
    assert exif[pictures.EXIF_ARTIST] == "Somebody"
    assert 273 not in exif  # places of strips
    assert 273 in image.getexif()  # the caller's image is as it was


def test_a_picture_survives_the_way_through_an_image():
    picture = full()
    image = exchange.to_image(picture)
    assert image.info["dpi"] == (300, 150)
    assert image.info["comment"] == b"seen"
    assert image.info["Title"] == "Astronaut"
    assert 0x0404 in image.info["photoshop"]
    assert image.getexif()[pictures.EXIF_ARTIST] == "Somebody"
    again = exchange.from_image(image)
    assert again.metadata == picture.metadata
    np.testing.assert_array_equal(again.pixels, picture.pixels)


def test_exif_that_was_changed_since_it_was_read_counts():
    image = opened(pictures.file_of(pictures.photo(), "JPEG", exif=pictures.exif()))
    image.getexif()[pictures.EXIF_ARTIST] = "Another"
    exif = Image.Exif()
    exif.load(exchange.from_image(image).metadata.exif)
    assert exif[pictures.EXIF_ARTIST] == "Another"


def test_metadata_that_are_given_count_in_place_of_the_images_own():
    image = opened(full_png())
    given = {"exif": None, "comment": "mine", "icc_profile": b"", "dpi": (72, 72)}
    found = exchange.from_image(image, info=given).metadata
    assert (found.exif, found.icc, found.comment) == (None, None, (b"mine",))
    assert found.density == (1, 72, 72)


@pytest.mark.parametrize(
    ("image", "left_out"),
    [
        (pictures.cmyk(), ["CMYK"]),
        (Image.fromarray(pictures.deep(pictures.grey())), ["bit depth"]),
        (opened(pictures.animations()["two.png"]), ["frames"]),
        (Image.open(CASES / "associated-alpha-16.tif"), ["bit depth"]),
        (Image.open(CASES / "preview-first.dng"), ["previews"]),
    ],
    ids=["CMYK", "16 bits", "frames", "16 bits of a TIFF", "preview"],
)
def test_what_is_left_out_of_an_image_is_named(image, left_out):
    picture = exchange.from_image(image)
    assert list(picture.left_out) == left_out
    assert len(picture.notes) == 1
    assert picture.pixels.dtype == np.uint8


@pytest.mark.parametrize("mode", ["F", "LAB", "I"])
def test_a_mode_that_no_file_of_comrec_has_is_refused(mode):
    image = Image.new(mode, (3, 2))
    if mode == "I":
        image.putpixel((0, 0), 70_000)
    with pytest.raises(ImageError, match="Convert it"):
        exchange.from_image(image)


def test_a_large_image_and_a_damaged_one_are_refused():
    data = pictures.file_of(pictures.photo(), "PNG")
    with pytest.raises(ImageError, match="beyond the limit"):
        exchange.from_image(opened(data), max_pixels=100)
    with pytest.raises(ImageError, match="damaged or cut off"):
        exchange.from_image(opened(data[: len(data) // 2]))


def with_texts(*texts: tuple[bytes, bytes]) -> bytes:
    return writer.write(
        Picture(
            pictures.photo(), None, Metadata(text=png_text.read(texts, Notes()).text)
        ),
        ".png",
    )


LONG = b"x" * (2**20 + 1)  # beyond Pillow's own limit


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        ([(b"zTXt", b"Note\0\0" + zlib.compress(LONG))], {"Note": LONG.decode()}),
        ([(b"zTXt", b"Note\0\7damaged"), (b"tEXt", b"Title\0Rain")], {"Title": "Rain"}),
        ([(b"iTXt", b"Note\0\1\0de\0\0" + zlib.compress(LONG))],
         {"Note": LONG.decode()}),
    ],
    ids=["long", "damaged", "international"],
)  # fmt: skip
def test_texts_that_pillow_refuses_do_not_make_an_image_impossible(texts, wanted):
    image = exchange.to_image(reader.read(with_texts(*texts)))
    assert {k: v for k, v in image.info.items() if isinstance(v, str)} == wanted


def test_the_colour_space_that_pillow_read_of_a_png_is_kept():
    gamma = (b"gAMA", (100_000).to_bytes(4, "big"))
    rows = b"".join(b"\0" + row.tobytes() for row in pictures.grey())
    data = pictures.png_of(56, 40, 8, 0, rows, gamma)
    wanted = reader.read(data).metadata.icc
    assert exchange.from_image(opened(data)).metadata.icc == wanted is not None
    without = exchange.from_image(opened(data), info={"icc_profile": None})
    assert without.metadata.icc is None
    image = opened(data)
    image.info |= {"gamma": "no number", "chromaticity": 7}
    assert exchange.from_image(image).metadata.icc is None


JPEG = pictures.photo_file(".jpg")
LARGE = b'<rdf:RDF a="%s"></rdf:RDF>' % (b"x" * 70_000)


def test_extended_xmp_of_an_image_is_kept_while_its_main_packet_is():
    data = blocks.insert(JPEG, blocks.fit_jpeg(Metadata(xmp=LARGE))[0], [])
    found = exchange.from_image(opened(data))
    assert found.metadata == reader.read(data).metadata
    assert found.metadata.extended_xmp == LARGE
    twice = [(seg.APP1, seg.XMP_PREFIX + b"<x/>")] * 2
    lost = [(seg.APP1, xmp.EXTENSION_PREFIX + bytes(40))]
    image = opened(seg.insert(JPEG, twice + lost))
    assert len(exchange.from_image(image).notes) == 2
    other = exchange.from_image(opened(data), info={"xmp": b"<other/>"})
    assert (other.metadata.xmp, other.metadata.extended_xmp) == (b"<other/>", None)


@pytest.mark.parametrize(
    ("data", "left_out"),
    [
        (seg.insert(JPEG, [(seg.APP1, seg.XMP_PREFIX + b'<x hdrgm:Version="1"/>')]),
         "gain map"),
        (seg.insert(JPEG, [(seg.APP11, b"JP\0\1jumb c2pa")]), "content credentials"),
        (seg.insert(JPEG, [(0xE4, b"Qualcomm\0")]), "application data"),
        (seg.insert(JPEG, [(seg.APP2, seg.ICC_PREFIX + b"\1\2" + b"half")]), "icc"),
        (pictures.png_of(2, 1, 8, 0, b"\0ab", (b"caBX", b"c2pa")),
         "content credentials"),
    ],
    ids=["gain map", "c2pa", "APP4", "half a profile", "c2pa of a PNG"],
)  # fmt: skip
def test_what_pillow_keeps_of_a_file_beside_its_picture_is_named(data, left_out):
    picture = exchange.from_image(opened(data))
    assert picture.left_out == (left_out,)
    assert len(picture.notes) == 1
