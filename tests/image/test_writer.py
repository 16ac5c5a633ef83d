"""What is written: every format, exact pixels, metadata given back."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pictures
import pytest
from PIL import ExifTags, Image

from comrec.errors import OutputError
from comrec.image import ifd, reader, writer
from comrec.image import picture as image
from comrec.image.metadata import KINDS, Metadata
from comrec.image.notes import Notes
from comrec.image.picture import Picture

GREY, RGB = pictures.grey(), pictures.photo()
ARRAYS = {
    "grey": GREY, "LA": pictures.with_alpha(GREY), "RGB": RGB,
    "RGBA": pictures.with_alpha(RGB),
}  # fmt: skip
LOSSLESS = (".png", ".tif", ".tiff", ".webp", ".bmp")


@pytest.mark.parametrize("suffix", LOSSLESS)
@pytest.mark.parametrize("name", ARRAYS)
def test_pixels_and_alpha_are_written_exactly(suffix, name):
    array = ARRAYS[name]
    if suffix == ".bmp" and name in ("LA", "RGBA"):
        return  # BMP has no alpha: the next test
    data = writer.write(image.from_array(array), suffix)
    with Image.open(io.BytesIO(data)) as picture:
        found = np.asarray(picture)
    if suffix == ".webp" and array.ndim == 2:
        array = np.dstack([array] * 3)  # WebP has no grey
    elif suffix == ".webp" and name == "LA":
        array = np.dstack([array[..., 0]] * 3 + [array[..., 1]])
    np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize("suffix", [".bmp", ".jpg"])
@pytest.mark.parametrize("name", ["LA", "RGBA"])
def test_a_format_without_alpha_is_refused_for_a_picture_that_has_it(suffix, name):
    with pytest.raises(OutputError, match=r"no alpha channel\. Write a \.png"):
        writer.write(image.from_array(ARRAYS[name]), suffix)


def test_the_colour_of_clear_pixels_is_written_exactly_to_webp():
    array = np.dstack([RGB, np.zeros_like(GREY)])
    data = writer.write(image.from_array(array), ".webp")
    np.testing.assert_array_equal(reader.read(data).to_array(), array)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif"])
@pytest.mark.parametrize("name", ["grey", "RGB"])
def test_opencv_reads_what_is_written(suffix, name):
    data = writer.write(image.from_array(ARRAYS[name]), suffix)
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    found = found[..., ::-1] if found.ndim == 3 else found
    difference = np.abs(found.astype(int) - ARRAYS[name])
    assert difference.mean() < (3 if suffix == ".jpg" else 1e-9)


@pytest.mark.parametrize("suffix", [".PNG", ".JPG", ".Webp"])
def test_a_suffix_in_capitals_names_the_same_format(suffix):
    assert writer.write(image.from_array(RGB), suffix)


@pytest.mark.parametrize("suffix", ["", ".heic", ".json"])
def test_an_unknown_suffix_is_refused_with_those_there_are(suffix):
    with pytest.raises(OutputError, match=r"cannot write .* Name one of \.png"):
        writer.write(image.from_array(RGB), suffix)


def test_a_side_that_a_format_cannot_hold_is_refused():
    with pytest.raises(OutputError, match="cannot be written as WEBP"):
        writer.write(Picture(np.zeros((1, 16_384, 1), np.uint8)), ".webp")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".webp"])
def test_exif_icc_and_xmp_are_given_back(suffix):
    block = Image.Exif()
    block[pictures.EXIF_ARTIST] = "Somebody"
    block.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ExposureTime] = 0.5
    exif = block.tobytes().removeprefix(b"Exif\0\0")
    kept = Metadata(exif=exif, icc=pictures.icc(), xmp=pictures.XMP % 1)
    data = writer.write(Picture(RGB, None, kept), suffix)
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        found = picture.getexif()
        assert found[pictures.EXIF_ARTIST] == "Somebody"
        inner = found.get_ifd(ExifTags.IFD.Exif)
        assert inner[ExifTags.Base.ExposureTime] == 0.5
        assert picture.info["icc_profile"] == pictures.icc()
    again = reader.read(data).metadata
    assert again.xmp == kept.xmp
    assert again.icc == kept.icc
    assert b"Somebody" in again.exif


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".webp"])
def test_one_block_alone_is_given_back(suffix):
    for kept in (Metadata(xmp=pictures.XMP % 1), Metadata(icc=pictures.icc())):
        found = reader.read(writer.write(Picture(RGB, None, kept), suffix)).metadata
        assert (found.icc, found.xmp) == (kept.icc, kept.xmp)


STRUCTURE = {
    0x00FE: 1, 0x0100: 9, 0x0101: 9, 0x0102: 4, 0x0103: 6, 0x0106: 0, 0x010A: 2,
    0x0111: 8, 0x0115: 1, 0x0116: 3, 0x0117: 7, 0x011C: 2, 0x013D: 2, 0x0142: 16,
    0x0143: 16, 0x0144: 8, 0x0145: 9, 0x0152: 2, 0x0153: 3,
}  # fmt: skip


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize("tag", STRUCTURE, ids=hex)
def test_exif_that_describes_another_layout_does_not_scramble_a_tiff(name, tag):
    block = Image.Exif()
    block[pictures.EXIF_ARTIST] = "Somebody"
    block[tag] = STRUCTURE[tag]
    kept = Metadata(exif=block.tobytes().removeprefix(b"Exif\0\0"))
    picture = image.from_array(ARRAYS[name])
    data = writer.write(Picture(picture.pixels, picture.alpha, kept), ".tif")
    found = reader.read(data)
    np.testing.assert_array_equal(found.to_array(), ARRAYS[name])
    assert b"Somebody" in found.metadata.exif


def test_the_resolution_goes_into_a_tiff():
    block = Image.Exif()
    block[0x011A], block[0x011B], block[0x0128] = 300.0, 200.0, 3
    kept = Metadata(exif=block.tobytes().removeprefix(b"Exif\0\0"))
    data = writer.write(Picture(RGB, None, kept), ".tif")
    with Image.open(io.BytesIO(data)) as picture:
        tags = picture.tag_v2
        assert (tags[0x011A], tags[0x011B], tags[0x0128]) == (300, 200, 3)


def test_exif_without_a_single_text_keeps_its_inner_directories_in_a_tiff():
    block = Image.Exif()
    inner = block.get_ifd(ExifTags.IFD.Exif)
    inner[0x829A], inner[0x927C] = 0.5, b"a maker's note"
    inner[ExifTags.IFD.Interop] = {1: "R98"}
    block.get_ifd(ExifTags.IFD.GPSInfo)[1] = "N"
    kept = Metadata(exif=block.tobytes().removeprefix(b"Exif\0\0"))
    found = Image.Exif()
    data = writer.write(Picture(RGB, None, kept), ".tif")
    found.load(reader.read(data).metadata.exif)
    inner = found.get_ifd(ExifTags.IFD.Exif)
    assert (inner[0x829A], inner[0x927C]) == (0.5, b"a maker's note")
    assert found.get_ifd(ExifTags.IFD.Interop)[1] == "R98"
    assert found.get_ifd(ExifTags.IFD.GPSInfo)[1] == "N"


def test_damaged_exif_is_refused_by_a_tiff_with_the_remedy():
    kept = Metadata(exif=b"rubbish, not a TIFF")
    with pytest.raises(OutputError, match=r"EXIF is damaged.*Write a \.png instead"):
        writer.write(Picture(RGB, None, kept), ".tif")


def test_a_png_says_that_comrec_wrote_it():
    assert writer.PNG_SIGNATURE in writer.write(image.from_array(RGB), ".png")


def test_a_tiff_keeps_the_software_that_its_exif_names():
    exif = Image.Exif()
    exif[0x0131] = "a camera"
    block = exif.tobytes().removeprefix(b"Exif\0\0")
    picture = Picture(pictures.photo()[..., :3], None, Metadata(exif=block))
    with Image.open(io.BytesIO(writer.write(picture, ".tif"))) as tiff:
        assert tiff.getexif()[0x0131] == "a camera"
        assert tiff.getexif()[0x000B] == "comrec"


TEXT = b"".join(
    len(data).to_bytes(4, "big") + kind + data
    for kind, data in ((b"tEXt", b"Title\0Rain"), (b"tIME", bytes(6) + b"\1"))
)
EVERYTHING = Metadata(
    exif=pictures.exif().removeprefix(b"Exif\0\0"), icc=pictures.icc(),
    xmp=pictures.XMP % 1, iptc=b"8BIM\x04\x04\0\0\0\0\0\4\x1c\2\x19\0",
    comment=("Grüße".encode(),), density=(1, 300, 150), text=TEXT,
)  # fmt: skip


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".webp", ".bmp"])
def test_each_kind_of_metadata_is_given_back_or_named(suffix):
    notes = Notes()
    data = writer.write(Picture(RGB, None, EVERYTHING), suffix, notes=notes)
    found = reader.read(data)
    held = writer.HOLDS[writer.WRITES[suffix]]
    missing = found.metadata.lacks(EVERYTHING)
    if suffix == ".png":  # the comment has become a text
        assert {"comment", "text"} >= set(missing)
        assert all(part in found.metadata.text for part in (b"Rain", "Grüße".encode()))
        missing = []
    if suffix == ".tif":  # its own tags stand in its EXIF
        missing = [kind for kind in missing if kind != "exif"]
        assert b"Somebody" in found.metadata.exif
    assert missing == [kind for kind in KINDS if kind not in held] == notes.left_out
    assert len(notes.lines) == len(missing)
    assert found.left_out == ()


def test_a_density_that_is_an_aspect_ratio_goes_into_a_png():
    data = writer.write(Picture(RGB, None, Metadata(density=(0, 2, 1))), ".png")
    assert reader.read(data).metadata.density == (0, 2, 1)


@pytest.mark.parametrize("order", ["<", ">"])
def test_text_of_any_encoding_and_unknown_types_go_into_a_tiff(order):
    start = b"II*\0" if order == "<" else b"MM\0*"
    text = "José Müller\0".encode()
    inner = ifd.packed({0x9286: ifd.Entry(7, 9, b"UNDEFINED", 0)}, order, False, 8)
    tags = {0x013B: ifd.Entry(2, len(text), text, 0),
            ifd.EXIF: ifd.whole(ifd.LONG, order, 8)}  # fmt: skip
    place = 8 + len(inner)
    exif = start + place.to_bytes(4, "little" if order == "<" else "big") + inner
    exif += ifd.packed(tags, order, False, place)
    data = writer.write(Picture(RGB, None, Metadata(exif=exif)), ".tif")
    again = ifd.first(reader.read(data).metadata.exif)
    assert again.entries[0x013B][:3] == (2, len(text), text)
    below = ifd.read(
        reader.read(data).metadata.exif, again.number(ifd.EXIF), "<", False
    )
    assert below.entries[0x9286][:3] == (7, 9, b"UNDEFINED")
