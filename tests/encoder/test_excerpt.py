"""Rows that tell about a whole image: which, and how well."""

import numpy as np
import pictures
import pytest

from comrec.encoder import excerpt
from comrec.encoder.plain import Coded, plain
from comrec.image import metrics
from comrec.jpeg import coding
from comrec.jpeg.settings import JpegSettings

PHOTO = pictures.photo(480, 320)


@pytest.fixture
def large():
    """The photo three times in height and width."""
    return np.tile(PHOTO, (3, 3, 1))


def test_a_small_image_is_its_own_part():
    found = excerpt.take_excerpt(PHOTO, plain(PHOTO, 50))
    assert found.pixels is PHOTO
    assert (found.share, found.above_db) == (1, 0)


def test_a_part_is_whole_bands_of_the_image(monkeypatch):
    monkeypatch.setattr(excerpt, "PART_PX", 50_000)
    rows = np.arange(1000).repeat(256).reshape(1000, 256, 1)
    image = (rows // 96).astype(np.uint8)  # each band has its number
    found = excerpt.take_excerpt(image, Coded(b"1234", 50, 40.0))
    every = 1000 // 96 // excerpt.BANDS_MIN  # and not 1000 * 256 // 50_000
    assert every == 2
    numbers, counts = np.unique(found.pixels, return_counts=True)
    assert list(numbers) == [1, 3, 5, 7, 9]
    assert set(counts) == {96 * 256}


@pytest.mark.parametrize("quality", [20, 50, 85])
@pytest.mark.parametrize("encoder", ["libjpeg-turbo", "mozjpeg"])
def test_what_a_part_says_holds_for_the_whole(monkeypatch, large, quality, encoder):
    monkeypatch.setattr(excerpt, "PART_PX", large.shape[0] * large.shape[1] // 3)
    known = plain(large, quality)
    found = excerpt.take_excerpt(large, known)
    assert len(found.pixels) < len(large) / 2 + 96
    settings = JpegSettings(encoder, "flat")
    whole = coding.encode(large, quality, settings)
    of_part = coding.encode(found.pixels, quality, settings)
    assert len(of_part) == pytest.approx(found.share * len(whole), rel=0.05)
    whole_db, part_db = (
        metrics.psnr_db(pixels, coding.decode(data))
        for pixels, data in ((large, whole), (found.pixels, of_part))
    )
    assert part_db - found.above_db == pytest.approx(whole_db, abs=0.5)


def test_a_part_says_nothing_without_a_jpeg_to_compare_with(monkeypatch, large):
    monkeypatch.setattr(excerpt, "PART_PX", 10_000)
    assert excerpt.take_excerpt(large, None).pixels is large
    flat = np.full_like(large, 128)  # which a JPEG holds to the last bit
    assert excerpt.take_excerpt(flat, plain(flat, 50)).pixels is flat


def test_a_part_is_written_in_the_scans_of_the_whole(monkeypatch, large):
    monkeypatch.setattr(excerpt, "PART_PX", large.shape[0] * large.shape[1] // 3)
    monkeypatch.setattr(
        coding, "PROGRESSIVE_MAX_PX", large.shape[0] * large.shape[1] - 1
    )
    known = plain(large, 75)  # baseline, for it is so large
    found = excerpt.take_excerpt(large, known)
    baseline = coding.encode(found.pixels, 75, JpegSettings(scans="baseline"))
    assert len(coding.encode(found.pixels, 75)) < len(baseline), "or it tells nothing"
    assert found.share == len(baseline) / len(known.jpeg)
