"""Tests one coding mode: its files, its candidates and its approximation."""

from __future__ import annotations

import fake_pair
import numpy as np
import pytest
from searches import photo, record_files

from comrec.encoder.mode import CodingMode
from comrec.errors import JpegError
from comrec.image.metrics import psnr_db
from comrec.jpeg import coding
from comrec.jpeg.encoders import Mozjpeg
from comrec.jpeg.settings import PLAIN, JpegSettings
from comrec.networks.codec import Codec


def test_the_last_draft_of_a_large_image_is_the_file(monkeypatch):
    pixels = np.ascontiguousarray(np.tile(photo(), (4, 4, 1))[:800, :1000])
    written = record_files(pixels, monkeypatch, Mozjpeg)
    codec = Codec(fake_pair.PAIR, 1, networks={"reccnn": fake_pair.smoothing})
    mode = CodingMode(pixels, None, 0, codec)
    mode.sample(30, 0.1)
    mode.predict_psnr_db(40)
    made = mode.decode_in_full(40)
    assert written == [30, 40]
    first = mode.decode_in_full(30)
    assert mode.measure_enlarged_db(30) == psnr_db(pixels, coding.decode(first.jpeg))
    assert made.jpeg == codec.encode(pixels, 40)
    assert mode.measure_enlarged_db(40) == psnr_db(pixels, coding.decode(made.jpeg))


@pytest.fixture
def codec() -> Codec:
    return Codec(fake_pair.PAIR, 2, networks={"reccnn": fake_pair.smoothing})


@pytest.mark.parametrize("size", [(1, 1), (1, 17), (29, 101)])
def test_a_candidate_has_the_psnr_of_its_restored_file(codec, size):
    pixels = np.ascontiguousarray(photo()[: size[0], : size[1]])
    mode = CodingMode(pixels, None, 70, codec)
    found = mode.decode_in_full(40)
    assert found.psnr_db == psnr_db(pixels, codec.restore(found.jpeg, size))
    assert found.total_bytes == len(found.jpeg) + 70 == mode.measure_total_bytes(40)
    assert (found.quality, found.settings, found.codec) == (40, codec.settings, codec)
    assert mode.decoded == {40: found}
    assert mode.decode_in_full(40) is found, "decoded once"
    assert mode.predict_psnr_db(40) == found.psnr_db


def test_the_settings_of_a_codec_are_the_modes(codec):
    mode = CodingMode(photo(29, 31), JpegSettings("mozjpeg", "ms-ssim"), 0, codec)
    assert mode.settings == fake_pair.PAIR.jpeg
    plain = CodingMode(photo(29, 31), None, 0)
    assert plain.settings == PLAIN
    assert plain.compact() is plain.pixels


def test_an_approximation_has_no_trellis_and_a_share_of_the_extra_bytes(codec):
    pixels = photo(29, 31)
    mode = CodingMode(pixels, None, 70, codec)
    part = np.ascontiguousarray(pixels[:11])
    found = mode.approximate(part, 0.3)
    assert found.pixels is part
    assert found.settings == JpegSettings("libjpeg-turbo", "flat", scans="baseline")
    assert found.codec.scale == 2
    assert found.compact().shape == (6, 16, 3)
    assert found.extra_bytes == 21
    assert mode.settings.encoder == codec.settings.encoder == "mozjpeg", "unchanged"
    data = found.encode(30)
    assert found.measure_draft_bytes(30) == len(data) + 21


def test_measured_qualities_are_listed_or_else_the_first_quality():
    mode = CodingMode(photo(29, 31), PLAIN, 0)
    assert mode.list_measured(for_bytes=True) == []
    mode.first_quality = 33
    assert mode.list_measured(for_bytes=True) == [33]
    assert mode.list_measured(for_bytes=False) == [33]
    mode.measure_total_bytes(50)
    mode.measure_enlarged_db(60)
    mode.decode_in_full(70)
    assert mode.list_measured(for_bytes=True) == [50, 70]
    assert mode.list_measured(for_bytes=False) == [60, 70]


@pytest.mark.parametrize("quality", [0, 101])
def test_a_quality_out_of_range_is_refused(quality):
    mode = CodingMode(photo(29, 31), PLAIN, 0)
    with pytest.raises(JpegError, match="1 to 100"):
        mode.decode_in_full(quality)
    assert mode.decoded == {}
