"""JPEG coding: what is asked for is what the file says, and other software reads it."""

import io
import shutil
import subprocess
from dataclasses import replace

import cv2
import numpy as np
import pytest
from jpegs import (
    DC_LUMA,
    ENCODERS,
    TURBO,
    both_encoders,
    every_setting,
    frame,
    headers,
    photo,
    sampling,
    short_name,
)
from PIL import Image

from comrec.errors import JpegError
from comrec.jpeg import coding
from comrec.jpeg.settings import SCANS, JpegSettings

# What the file says


@every_setting
@pytest.mark.parametrize("channels", [1, 3])
def test_every_setting_gives_a_file_that_says_so(settings, channels):
    pixels = photo(channels=channels)
    data = coding.encode(pixels, 60, settings)
    marker, payload = frame(data)
    assert payload[0] == 8  # bits a sample
    size = (int.from_bytes(payload[1:3], "big"), int.from_bytes(payload[3:5], "big"))
    assert (*size, payload[5]) == pixels.shape
    chroma = {"4:4:4": [0x11] * 3, "4:2:0": [0x22, 0x11, 0x11]}
    if channels == 3:
        assert sampling(data) == chroma[settings.subsampling]
    if settings.scans != "smaller":
        assert marker == {"baseline": 0xC0, "progressive": 0xC2}[settings.scans]
    names = [payload[:4] for marker, payload in headers(data) if marker >= 0xE0]
    assert names in ([], [b"JFIF"])  # no other metadata
    assert coding.decode(data).shape == pixels.shape


@every_setting
def test_every_setting_is_close_to_the_picture_at_high_quality(settings):
    pixels = photo(channels=1)
    back = coding.decode(coding.encode(pixels, 95, settings)).astype(int)
    assert np.abs(back - pixels).mean() < 3


def test_huffman_tables_are_standard_or_made_for_the_picture():
    def dc_luma(huffman: str) -> bytes:
        settings = JpegSettings(huffman=huffman, scans="baseline")
        tables = [
            p for m, p in headers(coding.encode(photo(), 75, settings)) if m == 0xC4
        ]
        return tables[0][1:29]

    assert dc_luma("standard") == DC_LUMA
    assert dc_luma("optimised") != DC_LUMA


@both_encoders
@pytest.mark.parametrize("size", [8, 37, 300])
def test_smaller_is_the_smaller_of_both(settings, size):
    pixels = photo(size, size)

    def length(scans: str) -> int:
        both = JpegSettings(encoder=settings.encoder, scans=scans)
        return len(coding.encode(pixels, 60, both))

    assert length("smaller") == min(length("baseline"), length("progressive"))


@both_encoders
def test_a_megapixel_of_mozjpeg_is_progressive_and_of_libjpeg_turbo_either(settings):
    pixels = np.tile(photo(500, 300), (2, 4, 1))
    kinds = ("baseline", "progressive")
    assert coding.scans_of(photo(500, 300), settings) == kinds
    is_mozjpeg = settings.encoder == "mozjpeg"
    assert coding.scans_of(pixels, settings) == (kinds[1:] if is_mozjpeg else kinds)
    progressive = replace(settings, scans="progressive")
    made = coding.encode(pixels, 60, settings)
    assert (made == coding.encode(pixels, 60, progressive)) or not is_mozjpeg
    assert frame(made)[0] == 0xC2


@both_encoders
@pytest.mark.parametrize("size", [8, 300])
def test_a_file_does_not_depend_on_the_threads(settings, size):
    pixels = photo(size, size)
    alone = coding.encode(pixels, 60, settings)
    assert coding.encode(pixels, 60, settings, threads=2) == alone


def test_both_kinds_of_scan_are_the_smaller_one_sometimes():
    kinds = {frame(coding.encode(photo(n, n), 60))[0] for n in (8, 500)}
    assert kinds == {0xC0, 0xC2}


# What can be coded


@both_encoders
@pytest.mark.parametrize("size", [(1, 1), (1, 17), (29, 100), (64, 64), (9, 8)])
@pytest.mark.parametrize("channels", [1, 3])
def test_any_size_comes_back_at_that_size(settings, size, channels):
    pixels = photo(*size, channels)
    back = coding.decode(coding.encode(pixels, 90, settings))
    assert back.shape == pixels.shape
    assert back.dtype == np.uint8


@both_encoders
@pytest.mark.parametrize("channels", [1, 3])
def test_noise_at_the_highest_quality_fits(settings, channels):
    shape = (200, 300, channels)
    noise = np.random.default_rng(4).integers(0, 256, shape, np.uint8)
    for scans in SCANS:
        full = JpegSettings(settings.encoder, "flat", "4:4:4", scans=scans)
        back = coding.decode(coding.encode(noise, 100, full)).astype(int)
        assert np.abs(back - noise).max() <= 4  # rounding; colour in 8 bits


@both_encoders
def test_a_side_of_65500_pixels_is_the_longest(settings):
    pixels = np.zeros((1, 65_500, 1), np.uint8)
    assert coding.decode(coding.encode(pixels, 50, settings)).shape == pixels.shape
    with pytest.raises(JpegError, match=r"1 to 65500 pixels\. Received: 65501x1"):
        coding.encode(np.zeros((1, 65_501, 1), np.uint8), 50, settings)


def test_a_picture_beyond_pillows_own_limit_is_decoded(monkeypatch):
    data = coding.encode(np.tile(photo(), (8, 1, 1)), 50)  # handed over in parts
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    assert coding.decode(data).shape == (296, 50, 3)
    assert Image.MAX_IMAGE_PIXELS == 10


def test_ycbcr_is_coded_and_decoded_without_a_turn_through_rgb():
    rng = np.random.default_rng(5)
    # Flat blocks, so that only rounding of the DC term is left at quality 100.
    # Most of these colours do not exist in RGB.
    blocks = rng.integers(0, 256, (4, 5, 3), np.uint8).repeat(8, 0).repeat(8, 1)
    full = JpegSettings(subsampling="4:4:4")
    data = coding.encode(blocks, 100, full, "YCbCr")
    assert np.abs(coding.decode(data, "YCbCr").astype(int) - blocks).max() <= 1


@both_encoders
def test_ycbcr_and_rgb_are_the_same_picture(settings):
    pixels = photo()
    ycc = np.asarray(Image.fromarray(pixels).convert("YCbCr"))
    from_rgb = coding.decode(coding.encode(pixels, 90, settings)).astype(int)
    from_ycc = coding.decode(coding.encode(ycc, 90, settings, "YCbCr")).astype(int)
    assert np.abs(from_rgb - from_ycc).mean() < 2  # rounded once more
    data = coding.encode(pixels, 90, settings)
    theirs = np.asarray(Image.fromarray(coding.decode(data)).convert("YCbCr"), int)
    assert np.abs(coding.decode(data, "YCbCr") - theirs).mean() < 2


@pytest.mark.parametrize("space", coding.SPACES)
def test_grey_is_grey_in_any_space(space):
    pixels = photo(channels=1)
    data = coding.encode(pixels, 100, space=space)
    assert frame(data)[1][5] == 1
    assert np.abs(coding.decode(data, space).astype(int) - pixels).max() <= 2


def test_arrays_that_are_not_contiguous_are_coded():
    pixels = photo(40, 40)
    for view in (pixels[::2, ::-1], pixels.transpose(1, 0, 2), pixels[..., 1:2]):
        for settings in ENCODERS:
            data = coding.encode(view, 80, settings)
            assert data == coding.encode(view.copy(), 80, settings)


# Other software


def opens_elsewhere(data: bytes, shape: tuple[int, ...]) -> None:
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        assert (picture.height, picture.width) == shape[:2]
    read = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert read.reshape(shape).shape == shape


@every_setting
@pytest.mark.parametrize("channels", [1, 3])
def test_pillow_and_opencv_read_it_without_a_word(settings, channels, capfd):
    pixels = photo(channels=channels)
    opens_elsewhere(coding.encode(pixels, 30, settings), pixels.shape)
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(not shutil.which("djpeg"), reason="djpeg of libjpeg is not here")
@pytest.mark.parametrize("settings", [*ENCODERS, TURBO[-1]], ids=short_name)
def test_djpeg_reads_it_without_a_word(settings):
    pixels = photo()
    data = coding.encode(pixels, 30, settings)
    done = subprocess.run(["djpeg"], input=data, capture_output=True, check=True)
    assert done.stderr == b""
    theirs = np.asarray(Image.open(io.BytesIO(done.stdout)))
    assert np.abs(theirs.astype(int) - coding.decode(data)).max() <= 2


# What is refused


@both_encoders
@pytest.mark.parametrize("quality", [0, 101, -1, 50.0, True, "50", None, float("nan")])
def test_a_quality_beyond_the_scale_is_refused(settings, quality):
    with pytest.raises(JpegError, match="1 to 100") as err:
        coding.encode(photo(), quality, settings)
    assert repr(quality) in str(err.value)


@both_encoders
@pytest.mark.parametrize(
    "pixels",
    [
        photo().astype(np.float32),
        photo().astype(np.int16),
        photo()[..., 0],
        photo()[None],
        photo()[..., :2],
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((0, 4, 1), np.uint8),
        np.zeros((4, 0, 3), np.uint8),
        np.zeros((4, 4, 0), np.uint8),
    ],
    ids=lambda p: f"{p.dtype}{p.shape}",
)
def test_arrays_that_are_no_8_bit_image_are_refused(settings, pixels):
    with pytest.raises(JpegError, match=r"a JPEG (holds|has sides).* Received: "):
        coding.encode(pixels, 50, settings)


@pytest.mark.parametrize("space", ["HSV", "ycbcr", "", None])
def test_an_unknown_colour_space_is_refused(space):
    data = coding.encode(photo(), 50)
    for settings in ENCODERS:
        with pytest.raises(JpegError, match=r"one of RGB, YCbCr\. Received: "):
            coding.encode(photo(), 50, settings, space)
    with pytest.raises(JpegError, match=r"one of RGB, YCbCr\. Received: "):
        coding.decode(data, space)


def test_four_components_are_refused():
    out = io.BytesIO()
    Image.new("CMYK", (16, 16)).save(out, "JPEG")
    with pytest.raises(JpegError, match=r"three components\. Received: CMYK"):
        coding.decode(out.getvalue())


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"\xff\xd8\xff\xd9", bytes(99)])
def test_garbage_is_refused(data):
    with pytest.raises(JpegError):
        coding.decode(data)


def test_another_format_is_refused():
    out = io.BytesIO()
    Image.new("L", (16, 16)).save(out, "PNG")
    with pytest.raises(JpegError, match="not a JPEG"):
        coding.decode(out.getvalue())


@pytest.mark.parametrize("scans", ["baseline", "progressive"])
def test_every_cut_off_file_is_refused(scans):
    data = coding.encode(photo(16, 16), 50, JpegSettings(scans=scans))
    for length in range(len(data)):
        with pytest.raises(JpegError):
            coding.decode(data[:length])


def test_damaged_bytes_are_decoded_or_refused():
    data = coding.encode(photo(16, 16), 50)
    rng = np.random.default_rng(6)
    for position in range(2, len(data)):
        damaged = bytearray(data)
        damaged[position] ^= int(rng.integers(1, 256))
        height, width = damaged_size(bytes(damaged))
        if height * width > 2**20:
            continue  # the caller's limit
        try:
            pixels = coding.decode(bytes(damaged))
        except JpegError:
            continue
        assert pixels.shape[:2] == (height, width)


def damaged_size(data: bytes) -> tuple[int, int]:
    from comrec.jpeg import segments

    try:
        return segments.frame_size(segments.parse(data))[:2]
    except JpegError:
        return 0, 0


def test_a_second_frame_header_cannot_hide_a_larger_picture():
    data = coding.encode(photo(), 50, JpegSettings(scans="baseline"))
    i = data.index(b"\xff\xc0")
    size = int.from_bytes(data[i + 2 : i + 4], "big")
    header = data[i : i + 2 + size]
    larger = header[:5] + b"\x10\x00\x10\x00" + header[9:]
    with pytest.raises(JpegError, match="two frame headers"):
        coding.decode(data[: i + 2 + size] + larger + data[i + 2 + size :])
