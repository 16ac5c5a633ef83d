"""Every encoder is one record: the settings it follows, its qualities, its files."""

import numpy as np
import pictures
import pytest

from comrec.errors import JpegError
from comrec.jpeg import coding
from comrec.jpeg.encoders import ENCODERS, OversizedBuffer, Target
from comrec.jpeg.settings import SCANS, JpegSettings

EACH = pytest.mark.parametrize("name", ENCODERS)


@EACH
@pytest.mark.parametrize("shape", [(1, 1, 3), (17, 33, 3), (17, 33, 1)])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_file_has_the_size_and_the_scans_that_were_asked_for(
    name, shape, progressive
):
    pixels = np.full(shape, 90, np.uint8)
    settings = JpegSettings(name, "flat")
    file = ENCODERS[name].encode(pixels, 75, settings, "RGB", progressive, None)
    assert (b"\xff\xc2" in file) == progressive
    np.testing.assert_allclose(coding.decode(file), pixels, atol=3)


@EACH
def test_ycbcr_pixels_come_back_as_ycbcr(name):
    pixels = np.full((16, 16, 3), (120, 90, 160), np.uint8)
    settings = JpegSettings(name, "flat")
    file = ENCODERS[name].encode(pixels, 90, settings, "YCbCr", False, None)
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
    pixels, settings = pictures.photo(20, 24), JpegSettings(name, "flat")

    def never(file: bytes) -> np.ndarray:
        raise AssertionError("restored")

    shown = coding.encode(pixels, 50, settings, target=Target(pixels, never))
    assert shown == coding.encode(pixels, 50, settings)


@EACH
@pytest.mark.parametrize("shape", [(1, 1, 3), (29, 33, 3), (29, 33, 1)])
def test_an_encoder_that_keeps_coefficients_shows_the_same_by_both_scans(name, shape):
    pixels = np.ascontiguousarray(pictures.photo(29, 33)[: shape[0], : shape[1]])
    pixels = pixels[..., : shape[2]].copy()
    settings = [JpegSettings(name, "flat", scans=scans) for scans in SCANS]
    files = [coding.encode(pixels, 60, each) for each in settings]
    if ENCODERS[name].keeps_coefficients:
        shown = [coding.decode(file) for file in files]
        assert np.array_equal(shown[0], shown[1])
        assert coding.to_progressive(files[1]) == files[2]
    assert files[0] == min(files[1:], key=len)


@EACH
def test_a_fraction_is_a_quality_of_continuous_encoders_alone(name):
    pixels, settings = pictures.photo(64, 80), JpegSettings(name, "flat")
    if not ENCODERS[name].is_continuous:
        with pytest.raises(JpegError, match="a whole number"):
            coding.encode(pixels, 50.5, settings)
        return
    qualities = (1, 1.5, 20, 20.5, 70, 70.3, 96)
    sizes = [len(coding.encode(pixels, q, settings)) for q in qualities]
    assert sizes == sorted(sizes)
    assert len(set(sizes[2:])) == len(sizes[2:])


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
        ({"encoder": "comrec"}, "comrec tables must be one of flat"),
        ({"encoder": "comrec", "tables": ((0,) * 64,)}, "whole numbers from 1"),
        ({"encoder": "comrec", "tables": "flat", "huffman": "standard",
          "scans": "baseline"}, "comrec always optimises"),
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
