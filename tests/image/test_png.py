"""PNG files written on several cores: whole, readable everywhere, the same on any."""

import io
import struct
import zlib

import cv2
import numpy as np
import pictures
import pytest
from PIL import Image

from comrec.image import png

RNG = np.random.default_rng(4)
SHAPES = [
    (1, 1), (1, 17), (29, 100), (700, 1, 2), (64, 64, 2), (131, 97, 3), (300, 257, 4),
]  # fmt: skip


def picture(shape):
    """Smooth, with noise on it, as photos are; all bytes occur."""
    smooth = np.cumsum(RNG.integers(-2, 3, shape), axis=0) * 3
    return (smooth + RNG.integers(0, 9, shape)).astype(np.uint8)


@pytest.fixture
def small_bands(monkeypatch):
    monkeypatch.setattr(png, "BAND_BYTES", 2000)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("threads", [1, 3])
def test_pixels_come_back(small_bands, shape, threads):
    pixels = picture(shape)
    data = png.encode(pixels, threads)
    with Image.open(io.BytesIO(data)) as opened:
        opened.verify()  # every chunk's CRC
    with Image.open(io.BytesIO(data)) as opened:
        np.testing.assert_array_equal(np.asarray(opened), pixels)


@pytest.mark.parametrize("shape", [(131, 97), (131, 97, 3), (300, 257, 4)])
def test_opencv_reads_them(small_bands, shape):
    pixels = picture(shape)
    found = cv2.imdecode(np.frombuffer(png.encode(pixels), np.uint8), -1)
    if pixels.ndim == 3:
        found = found[..., [2, 1, 0, 3][: pixels.shape[2]]]
    np.testing.assert_array_equal(found, pixels)


def test_all_bands_are_one_stream_with_its_checksum(small_bands):
    pixels = picture((131, 97, 3))
    data, at, stream, parts = png.encode(pixels), len(png.SIGNATURE), b"", 0
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        if data[at + 4 : at + 8] == b"IDAT":
            stream, parts = stream + data[at + 8 : at + 8 + length], parts + 1
        at += length + 12
    assert parts > 10
    rows = zlib.decompress(stream)  # which fails where the checksum is another
    assert len(rows) == 131 * (1 + 97 * 3)


def test_the_bytes_do_not_depend_on_the_threads(small_bands):
    pixels = picture((300, 257, 3))
    assert png.encode(pixels, 1) == png.encode(pixels, 2) == png.encode(pixels, 0)


def test_metadata_comes_along():
    data = png.encode(picture((9, 9, 3)), icc_profile=b"profile", exif=b"Exif\0\0II")
    with Image.open(io.BytesIO(data)) as opened:
        assert opened.size == (9, 9)
        assert opened.info["icc_profile"] == b"profile"
        assert opened.info["exif"] == b"Exif\0\0II"


def test_files_are_about_as_small_as_pillow_makes_them():
    photo = pictures.photo(480, 320)
    out = io.BytesIO()
    Image.fromarray(photo).save(out, "PNG", compress_level=png.LEVEL)
    assert len(png.encode(photo)) < 1.1 * len(out.getvalue())
