"""Tests the rows that represent a large image, and how well they do."""

import numpy as np
import pictures
import pytest

from comrec.encoder import excerpt
from comrec.encoder.plain import Coded, encode_plain
from comrec.image import metrics
from comrec.jpeg import coding
from comrec.jpeg.settings import JpegSettings

PHOTO = pictures.photo(480, 320)


@pytest.fixture
def large():
    """Returns the photo, repeated three times in height and width."""
    return np.tile(PHOTO, (3, 3, 1))


def test_a_small_image_is_its_own_excerpt():
    found = excerpt.take_excerpt(PHOTO, encode_plain(PHOTO, 50))
    assert found.pixels is PHOTO
    assert (found.byte_share, found.psnr_offset_db) == (1, 0)


def test_an_excerpt_is_whole_bands_of_the_image(monkeypatch):
    monkeypatch.setattr(excerpt, "EXCERPT_MIN_PX", 50_000)
    rows = np.arange(1000).repeat(256).reshape(1000, 256, 1)
    image = (rows // 96).astype(np.uint8)  # the value of a band is its number
    found = excerpt.take_excerpt(image, Coded(b"1234", 50, 40.0))
    every = 1000 // 96 // excerpt.BANDS_MIN  # and not 1000 * 256 // 50_000
    assert every == 2
    numbers, counts = np.unique(found.pixels, return_counts=True)
    assert list(numbers) == [1, 3, 5, 7, 9]
    assert set(counts) == {96 * 256}


@pytest.mark.parametrize("quality", [20, 50, 85])
@pytest.mark.parametrize("encoder", ["libjpeg-turbo", "mozjpeg"])
def test_the_byte_share_and_the_offset_hold_at_other_settings(
    monkeypatch, large, quality, encoder
):
    monkeypatch.setattr(excerpt, "EXCERPT_MIN_PX", large.shape[0] * large.shape[1] // 3)
    known = encode_plain(large, quality)
    found = excerpt.take_excerpt(large, known)
    assert len(found.pixels) < len(large) / 2 + 96
    settings = JpegSettings(encoder, "flat")
    whole = coding.encode(large, quality, settings)
    of_excerpt = coding.encode(found.pixels, quality, settings)
    assert len(of_excerpt) == pytest.approx(found.byte_share * len(whole), rel=0.05)
    whole_db, excerpt_db = (
        metrics.psnr_db(pixels, coding.decode(data))
        for pixels, data in ((large, whole), (found.pixels, of_excerpt))
    )
    assert excerpt_db - found.psnr_offset_db == pytest.approx(whole_db, abs=0.5)


def test_without_a_jpeg_that_loses_detail_the_excerpt_is_the_image(monkeypatch, large):
    monkeypatch.setattr(excerpt, "EXCERPT_MIN_PX", 10_000)
    assert excerpt.take_excerpt(large, None).pixels is large
    flat = np.full_like(large, 128)  # which JPEG stores exactly
    assert excerpt.take_excerpt(flat, encode_plain(flat, 50)).pixels is flat


def test_an_excerpt_is_written_in_the_scans_of_the_image(monkeypatch, large):
    monkeypatch.setattr(excerpt, "EXCERPT_MIN_PX", large.shape[0] * large.shape[1] // 3)
    monkeypatch.setattr(
        coding, "PROGRESSIVE_MAX_PX", large.shape[0] * large.shape[1] - 1
    )
    known = encode_plain(large, 75)  # baseline, above PROGRESSIVE_MAX_PX
    found = excerpt.take_excerpt(large, known)
    baseline = coding.encode(found.pixels, 75, JpegSettings(scans="baseline"))
    assert len(coding.encode(found.pixels, 75)) < len(baseline), (
        "else the next line is no test"
    )
    assert found.byte_share == len(baseline) / len(known.jpeg)
