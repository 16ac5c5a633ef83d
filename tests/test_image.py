"""What is written: every format, exact pixels, metadata given back."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pictures
import pytest
from PIL import ExifTags, Image

from comrec import image, reader
from comrec.errors import ImageError, OutputError
from comrec.image import Picture
from comrec.metadata import Metadata

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
    data = image.write(image.from_array(array), suffix)
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
        image.write(image.from_array(ARRAYS[name]), suffix)


def test_the_colour_of_clear_pixels_is_written_exactly_to_webp():
    array = np.dstack([RGB, np.zeros_like(GREY)])
    data = image.write(image.from_array(array), ".webp")
    np.testing.assert_array_equal(reader.read(data).to_array(), array)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif"])
@pytest.mark.parametrize("name", ["grey", "RGB"])
def test_opencv_reads_what_is_written(suffix, name):
    data = image.write(image.from_array(ARRAYS[name]), suffix)
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    found = found[..., ::-1] if found.ndim == 3 else found
    difference = np.abs(found.astype(int) - ARRAYS[name])
    assert difference.mean() < (3 if suffix == ".jpg" else 1e-9)


@pytest.mark.parametrize("suffix", [".PNG", ".JPG", ".Webp"])
def test_a_suffix_in_capitals_names_the_same_format(suffix):
    assert image.write(image.from_array(RGB), suffix)


@pytest.mark.parametrize("suffix", ["", ".heic", ".json"])
def test_an_unknown_suffix_is_refused_with_those_there_are(suffix):
    with pytest.raises(OutputError, match=r"cannot write .* Name one of \.png"):
        image.write(image.from_array(RGB), suffix)


def test_a_side_that_a_format_cannot_hold_is_refused():
    with pytest.raises(OutputError, match="cannot be written as WEBP"):
        image.write(Picture(np.zeros((1, 16_384, 1), np.uint8)), ".webp")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".webp"])
def test_exif_icc_and_xmp_are_given_back(suffix):
    block = Image.Exif()
    block[pictures.EXIF_ARTIST] = "Somebody"
    block.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ExposureTime] = 0.5
    exif = block.tobytes().removeprefix(b"Exif\0\0")
    kept = Metadata(exif=exif, icc=pictures.icc(), xmp=pictures.XMP % 1)
    data = image.write(Picture(RGB, None, kept), suffix)
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
        found = reader.read(image.write(Picture(RGB, None, kept), suffix)).metadata
        assert (found.icc, found.xmp) == (kept.icc, kept.xmp)


def test_a_png_says_that_comrec_wrote_it():
    assert image.PNG_SIGNATURE in image.write(image.from_array(RGB), ".png")


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_comes_back_as_it_went_in(name):
    np.testing.assert_array_equal(
        image.from_array(ARRAYS[name]).to_array(), ARRAYS[name]
    )


@pytest.mark.parametrize(
    "array",
    [
        RGB.astype(float), RGB.astype(np.uint16), np.zeros((3, 3, 5), np.uint8),
        np.zeros((0, 3), np.uint8), np.zeros((3, 0, 3), np.uint8),
        np.zeros(4, np.uint8), np.zeros((1, 2, 3, 4), np.uint8), [[1.0]], "text",
    ],
)  # fmt: skip
def test_what_is_no_picture_is_refused_with_what_came(array):
    with pytest.raises(ImageError, match=r"uint8 array \(H, W\).* Received: "):
        image.from_array(array)
