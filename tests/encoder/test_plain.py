"""Tests encoding at a quality and within a number of bytes."""

import numpy as np
import pictures
import pytest

from comrec.encoder.plain import (
    encode_at_quality,
    encode_plain,
    encode_plain_within,
    encode_within,
    predict_plain_quality,
)
from comrec.errors import JpegError
from comrec.image.metrics import psnr_db
from comrec.jpeg import coding
from comrec.networks import presets
from comrec.networks.codec import Codec

data = pytest.importorskip("skimage.data", reason="needs the dev extra")


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return np.ascontiguousarray(data.astronaut()[:256, 128:384])


@pytest.fixture(scope="module")
def pair() -> Codec:
    return Codec(presets.find("jiang2017-gray-q50"))


def test_plain_within_is_the_best_plain_jpeg_that_fits(photo):
    best = encode_plain_within(photo, 6000)
    assert best is not None
    assert len(best.jpeg) <= 6000 < len(coding.encode(photo, best.quality + 1))
    assert best.psnr_db == psnr_db(photo, coding.decode(best.jpeg))
    assert encode_plain_within(photo, 6000, start=90) == best
    predicted = predict_plain_quality(6000, encode_plain(photo, 90))
    assert abs(predicted - best.quality) <= 10
    assert encode_plain_within(photo, 100) is None
    assert encode_plain_within(photo, 0) is None


@pytest.mark.parametrize("start", [1, 60, 100])
@pytest.mark.parametrize("budget_bytes", [2500, 9000, 40_000])
def test_the_start_of_the_search_does_not_change_the_best_that_fits(
    photo, budget_bytes, start
):
    best = encode_plain_within(photo, budget_bytes, start)
    assert len(best.jpeg) <= budget_bytes < len(coding.encode(photo, best.quality + 1))


def test_within_is_the_finest_compact_jpeg_that_fits(pair, photo):
    part = np.ascontiguousarray(photo[:96, :112])
    best = encode_within(pair, part, 900)
    assert best is not None
    finer = encode_at_quality(pair, part, best.quality + 1)
    assert len(best.jpeg) <= 900 < len(finer.jpeg)
    assert encode_within(pair, part, 100) is None


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 17), (29, 100)])
def test_the_psnr_is_that_of_the_decoded_file(height, width):
    pixels = pictures.photo(height, width)
    coded = encode_plain(pixels, 30)
    assert coded.jpeg == coding.encode(pixels, 30)
    assert coded.psnr_db == psnr_db(pixels, coding.decode(coded.jpeg))


@pytest.mark.parametrize("quality", [0, 101, 30.0])
def test_a_quality_out_of_range_is_refused(quality):
    with pytest.raises(JpegError, match=r"1 to 100\. Received"):
        encode_plain(pictures.photo(), quality)


def test_a_prediction_is_a_legal_quality_for_any_number_of_bytes():
    known = encode_plain(pictures.photo(), 50)
    assert predict_plain_quality(len(known.jpeg), known) == 50
    assert predict_plain_quality(0, known) == 1
    assert predict_plain_quality(2**40, known) <= 100
