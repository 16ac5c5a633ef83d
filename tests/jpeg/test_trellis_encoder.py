import io
import itertools
import shutil
import subprocess
import warnings

import cv2
import jpeg_scan
import numpy as np
import pytest
from PIL import Image

import comrec.jpeg
from comrec.errors import JpegError
from comrec.jpeg import coefficients as co
from comrec.jpeg import segments as seg
from comrec.jpeg import trellis_encoder
from comrec.jpeg.layout import layout_of
from comrec.jpeg.trellis_encoder import encode, even_steps, price_of, quantise

SIZES = [(1, 1), (7, 9), (17, 33), (29, 100), (64, 48)]
KINDS = [(1, "4:2:0"), (3, "4:2:0"), (3, "4:4:4")]


def picture(height, width, channels, seed=0):
    """Returns coloured gradients and edges with some noise."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (height // 9 + 2, width // 9 + 2, 3), dtype=np.uint8)
    smooth = np.asarray(Image.fromarray(small).resize((width, height), 2), np.float32)
    noisy = smooth + rng.normal(0, 5, smooth.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)[..., :channels]


def shown(jpeg):
    with Image.open(io.BytesIO(jpeg)) as opened:
        pixels = np.asarray(opened)
    return pixels.reshape(*pixels.shape[:2], -1)


def psnr_db(a, b):
    return -10 * np.log10(np.mean((a.astype(float) - b) ** 2) / 255**2)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("channels", "mode"), KINDS)
@pytest.mark.parametrize("scans", ["baseline", "progressive"])
def test_pillow_and_opencv_open_files_of_any_size(size, channels, mode, scans):
    pixels = picture(*size, channels)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        file = encode(pixels, (4, 3), mode, scans=scans)
        found = shown(file)
    assert found.shape == pixels.shape
    read = cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_UNCHANGED)
    read = read.reshape(pixels.shape)[..., ::-1]
    assert np.abs(read.astype(int) - found).max() <= 3  # its libjpeg may be another
    assert np.abs(found.astype(int) - pixels).mean() < 12


@pytest.mark.parametrize("scans", ["baseline", "progressive"])
@pytest.mark.parametrize(("channels", "mode"), KINDS)
@pytest.mark.skipif(not shutil.which("jpegtran"), reason="needs libjpeg-turbo-progs")
def test_djpeg_and_jpegtran_have_nothing_to_say(scans, channels, mode):
    pixels = picture(29, 100, channels)
    file = encode(pixels, (9, 6), mode, scans=scans)
    for tool in (["djpeg"], ["jpegtran", "-copy", "none", "-optimize"]):
        done = subprocess.run(tool, input=file, capture_output=True, check=True)
        assert not done.stderr
    layout = layout_of(pixels, mode)
    kept = jpeg_scan.read_coefficients(done.stdout)
    for values, read in zip(quantise(pixels, (9, 6), layout), kept, strict=True):
        np.testing.assert_array_equal(read[: len(values), : values.shape[1]], values)


def test_libvips_opens_files_without_a_warning():
    pyvips = pytest.importorskip("pyvips")
    pixels = picture(29, 100, 3)
    for scans in ("baseline", "progressive"):
        file = encode(pixels, (9, 6), scans=scans)
        image = pyvips.Image.new_from_buffer(file, "", fail_on="warning")
        found = np.ndarray((29, 100, 3), np.uint8, bytes(image.write_to_memory()))
        assert np.abs(found.astype(int) - shown(file)).max() <= 3


@pytest.mark.parametrize(("channels", "mode"), KINDS)
def test_both_kinds_of_scans_show_the_same_and_the_smaller_is_taken(channels, mode):
    pixels = picture(64, 48, channels)
    kinds = ("baseline", "progressive", "smaller")
    files = [encode(pixels, (5, 5), mode, scans=scans) for scans in kinds]
    assert len(files[2]) == min(map(len, files))
    for file in files[1:]:
        np.testing.assert_array_equal(shown(file), shown(files[0]))
        assert {p.marker for p in seg.parse(file) if p.is_metadata} <= {seg.APP0}


def test_encode_is_public_and_takes_a_quality_in_place_of_steps():
    pixels = picture(40, 56, 3)
    assert comrec.jpeg.encode(pixels) == encode(pixels, quality=75)
    luma, chroma = even_steps(16)
    price = price_of(16, 3)
    by_steps = comrec.jpeg.encode(pixels, (luma, chroma), price=price)
    assert by_steps == comrec.jpeg.encode(pixels, quality=50)
    qualities = (20, 50, 50.5, 80, 95)
    sizes = [len(encode(pixels, quality=quality)) for quality in qualities]
    assert sizes == sorted(set(sizes))
    with pytest.raises(AttributeError, match="no attribute 'decode'"):
        comrec.jpeg.decode  # noqa: B018


def test_steps_of_grey_may_be_those_of_luma_alone():
    pixels = picture(40, 56, 1)
    assert encode(pixels, [9]) == encode(pixels, (9, 5))


def test_the_price_rises_with_the_steps_of_which_small_ones_say_most():
    rising = np.add.outer(np.arange(8), np.arange(8)) * 10 + 10
    assert 4 * price_of(10, 3) < price_of(20, 3) < 5 * price_of(10, 3)
    assert price_of(10, 3) == 3 * price_of(10, 1)
    assert price_of(10, 3) < price_of(rising, 3) < price_of(rising.mean(), 3)


def test_flat_tables_of_libjpeg_turbo_take_a_tenth_more_for_the_same_quality():
    pixels = picture(128, 128, 3)
    mine = encode(pixels, (20, 12))
    rivals = []
    for step in range(10, 30, 2):
        out = io.BytesIO()
        Image.fromarray(pixels).save(
            out, "JPEG", qtables=[[step] * 64] * 2, subsampling="4:2:0", optimize=True
        )
        if psnr_db(shown(out.getvalue()), pixels) >= psnr_db(shown(mine), pixels):
            rivals.append(len(out.getvalue()))
    assert min(rivals) > 1.1 * len(mine)


def test_a_higher_price_spends_fewer_bits():
    pixels = picture(64, 64, 3)
    prices = [price_of(12, 3) * factor for factor in (0.3, 1, 3, 10)]
    files = [encode(pixels, (12, 12), price=price) for price in prices]
    assert all(len(a) > len(b) for a, b in itertools.pairwise(files))
    qualities = [psnr_db(shown(file), pixels) for file in files]
    assert all(a > b for a, b in itertools.pairwise(qualities))


@pytest.mark.parametrize("mode", ["4:2:0", "4:4:4"])
def test_the_second_pass_lowers_what_error_and_bits_cost_together(mode):
    pixels = picture(96, 96, 3)
    layout, steps = layout_of(pixels, mode), (16, 12)

    def cost(passes):
        blocks = quantise(pixels, steps, layout, passes=passes)
        model = co.decode(blocks, (16, 12, 12), layout).clip(0, 255)
        error = float(((model - pixels) ** 2).sum())
        file = trellis_encoder.write(blocks, steps, layout, "baseline")
        return error / price_of(16, 3) + 8 * len(file)

    assert cost(2) < cost(1)


@pytest.mark.parametrize("value", [0, 255])
def test_flat_pictures_of_the_darkest_and_brightest_level_stay_flat(value):
    pixels = np.full((33, 17, 3), value, np.uint8)
    assert (shown(encode(pixels, (8, 8))) == value).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_bands_cost_next_to_nothing(channels, monkeypatch):
    pixels = picture(100, 64, channels)
    whole = encode(pixels, (12, 8))
    monkeypatch.setattr(trellis_encoder, "_BAND_PX", 32 * 64)
    banded = encode(pixels, (12, 8))
    assert abs(len(banded) / len(whole) - 1) < 0.02
    assert abs(psnr_db(shown(banded), pixels) - psnr_db(shown(whole), pixels)) < 0.1


def test_the_same_arguments_give_the_same_file():
    pixels = picture(40, 56, 3)
    assert encode(pixels, (12, 8)) == encode(pixels.copy(), (12, 8))


def test_tables_of_a_step_for_each_frequency_are_used():
    luma = np.add.outer(np.arange(8), np.arange(8)) + 5
    with Image.open(io.BytesIO(encode(picture(32, 32, 3), (luma, luma + 1)))) as opened:
        assert opened.quantization[0] == luma.ravel().tolist()
        assert opened.quantization[1] == (luma + 1).ravel().tolist()


def test_even_steps_follow_what_an_error_is_worth():
    luma, chroma = even_steps(100)
    assert (luma == 100).all()
    assert (chroma[0, 0], chroma[7, 7]) == (53, 186)  # 100 / sqrt of 3.47 and 0.29
    assert np.ptp(even_steps(100, "4:4:4")[1]) <= 1
    assert even_steps(0.3)[1].max() == 1
    assert even_steps(800)[1].max() == 255
    assert even_steps(800)[0].min() == 255


def test_even_steps_between_whole_numbers_are_finer_at_low_frequencies():
    luma, _ = even_steps(13.4)
    assert (luma[0, 0], luma[7, 7]) == (13, 14)
    assert np.log2(luma).mean() == pytest.approx(np.log2(13.4), abs=0.002)


def test_noise_at_the_finest_steps_comes_back_almost_whole():
    pixels = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    found = shown(encode(pixels, (1, 1), "4:4:4"))
    assert np.abs(found.astype(int) - pixels).mean() < 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": (0, 5)}, "whole numbers, 1 to 255"),
        ({"steps": (5, 300)}, "whole numbers, 1 to 255"),
        ({"subsampling": "4:2:2"}, "subsampling must be one of"),
        ({"steps": (5, "6")}, "whole numbers, 1 to 255"),
        ({"steps": (5.5, 6)}, "whole numbers, 1 to 255"),
        ({"steps": (5, np.ones((4, 4)))}, "whole numbers, 1 to 255"),
        ({"steps": 5}, "steps are luma's and chroma's. Received: 5"),
        ({"steps": (5, 5, 5)}, "steps are luma's and chroma's"),
        ({"quality": 50}, "`steps` or `quality`, not both"),
        ({"steps": None, "quality": 0.5}, r"a number, 1 to 100\. Received: 0.5"),
        ({"steps": None, "quality": "75"}, r"a number, 1 to 100\. Received: '75'"),
        ({"steps": None, "quality": float("nan")}, "a number, 1 to 100"),
        ({"price": 0}, "price of a bit must be a number above 0"),
        ({"price": float("nan")}, "price of a bit must be a number above 0"),
        ({"price": "cheap"}, "price of a bit must be a number above 0"),
        ({"scans": "fast"}, "scans must be one of"),
        ({"pixels": np.zeros((8, 8), np.uint8)}, "uint8"),
        ({"pixels": np.zeros((8, 0, 3), np.uint8)}, "1 to 65500"),
    ],
)
def test_bad_arguments_are_refused(change, message):
    arguments = {"pixels": picture(8, 8, 3), "steps": (5, 5)} | change
    with pytest.raises(JpegError, match=message):
        encode(**arguments)
