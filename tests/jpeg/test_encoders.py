"""Every encoder is one record: the settings it follows, its qualities, its files."""

import numpy as np
import pictures
import pytest

from comrec.errors import JpegError
from comrec.jpeg import coding
from comrec.jpeg.encoders import ENCODERS, OversizedBuffer, Target
from comrec.jpeg.settings import JpegSettings

EACH = pytest.mark.parametrize("name", ENCODERS)


@EACH
@pytest.mark.parametrize("shape", [(1, 1, 3), (17, 33, 3), (17, 33, 1)])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_file_has_the_size_and_the_scans_that_were_asked_for(
    name, shape, progressive
):
    pixels = np.full(shape, 90, np.uint8)
    settings = JpegSettings(name)
    file = ENCODERS[name].encode(pixels, 75, settings, "RGB", progressive, None)
    assert (b"\xff\xc2" in file) == progressive
    np.testing.assert_allclose(coding.decode(file), pixels, atol=3)


@EACH
def test_ycbcr_pixels_come_back_as_ycbcr(name):
    pixels = np.full((16, 16, 3), (120, 90, 160), np.uint8)
    file = ENCODERS[name].encode(pixels, 90, JpegSettings(name), "YCbCr", False, None)
    np.testing.assert_allclose(coding.decode(file, "YCbCr"), pixels, atol=4)


@EACH
def test_no_two_qualities_of_the_list_give_one_file(name):
    settings, pixels = JpegSettings(name, "flat"), pictures.photo(24, 24)
    qualities = coding.qualities(settings)
    assert qualities[0] == 1
    assert list(qualities) == sorted(set(qualities))
    last = [coding.encode(pixels, quality, settings) for quality in qualities[-4:]]
    assert len(set(last)) == 4


@EACH
def test_the_encoders_here_ignore_the_target(name):
    pixels, settings = pictures.photo(20, 24), JpegSettings(name)

    def never(file: bytes) -> np.ndarray:
        raise AssertionError("restored")

    shown = coding.encode(pixels, 50, settings, target=Target(pixels, never))
    assert shown == coding.encode(pixels, 50, settings)


def test_above_half_a_megapixel_mozjpeg_writes_progressive_scans_alone():
    large = np.zeros((1024, 513, 1), np.uint8)
    assert coding.scans_of(large, JpegSettings("mozjpeg")) == ("progressive",)
    assert len(coding.scans_of(large, JpegSettings())) == 2
    assert len(coding.scans_of(large[:512], JpegSettings("mozjpeg"))) == 2


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"encoder": "guetzli"}, "encoder must be one of libjpeg-turbo, mozjpeg"),
        ({"tables": "klein"}, "libjpeg-turbo tables must be one of standard, flat"),
        ({"encoder": "mozjpeg", "tables": ((1,) * 64,)}, "built-in tables by name"),
        ({"tables": ((1,) * 63,)}, "one or two tuples of 64 steps"),
        ({"tables": ((0,) * 64,)}, "whole numbers from 1"),
        ({"encoder": "mozjpeg", "huffman": "standard", "scans": "baseline"},
         "mozjpeg always optimises"),
    ],
)  # fmt: skip
def test_settings_that_an_encoder_cannot_follow_are_refused(settings, said):
    with pytest.raises(JpegError, match=said):
        JpegSettings(**settings)


def test_noise_at_a_high_quality_fits_pillows_buffer():
    noise = np.random.default_rng(3).integers(0, 256, (256, 256, 3), np.uint8)
    file = coding.encode(noise, 100, JpegSettings(subsampling="4:4:4"))
    assert len(file) > 2 * 256**2, "more than Pillow sets aside"
    assert len(OversizedBuffer(10**9)) == 10**9
    assert bytes(OversizedBuffer(5)) == b""
