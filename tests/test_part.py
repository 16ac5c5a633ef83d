"""Rows that tell about a whole image: which, and how well."""

import numpy as np
import pictures
import pytest

from comrec import jpeg, part, rate
from comrec.jpeg import JpegSettings

PHOTO = pictures.photo(480, 320)


@pytest.fixture
def large():
    """The photo three times in height and width."""
    return np.tile(PHOTO, (3, 3, 1))


def test_a_small_image_is_its_own_part():
    found = part.part_of(PHOTO, rate.plain(PHOTO, 50))
    assert found.pixels is PHOTO
    assert (found.share, found.above_db) == (1, 0)


def test_a_part_is_whole_bands_of_the_image(monkeypatch):
    monkeypatch.setattr(part, "PART_PX", 50_000)
    rows = np.arange(1000).repeat(256).reshape(1000, 256, 1)
    image = (rows // 96).astype(np.uint8)  # each band has its number
    found = part.part_of(image, rate.Coded(b"1234", 50, 40.0))
    every = 1000 // 96 // part.BANDS_MIN  # and not 1000 * 256 // 50_000
    assert every == 2
    numbers, counts = np.unique(found.pixels, return_counts=True)
    assert list(numbers) == [1, 3, 5, 7, 9]
    assert set(counts) == {96 * 256}


@pytest.mark.parametrize("quality", [20, 50, 85])
@pytest.mark.parametrize("encoder", ["libjpeg-turbo", "mozjpeg"])
def test_what_a_part_says_holds_for_the_whole(monkeypatch, large, quality, encoder):
    monkeypatch.setattr(part, "PART_PX", large.shape[0] * large.shape[1] // 3)
    known = rate.plain(large, quality)
    found = part.part_of(large, known)
    assert len(found.pixels) < len(large) / 2 + 96
    settings = JpegSettings(encoder, "flat")
    whole = jpeg.encode(large, quality, settings)
    of_part = jpeg.encode(found.pixels, quality, settings)
    assert len(of_part) == pytest.approx(found.share * len(whole), rel=0.05)
    whole_db, part_db = (
        part.psnr_db(pixels, jpeg.decode(data))
        for pixels, data in ((large, whole), (found.pixels, of_part))
    )
    assert part_db - found.above_db == pytest.approx(whole_db, abs=0.5)


def test_a_part_says_nothing_without_a_jpeg_to_compare_with(monkeypatch, large):
    monkeypatch.setattr(part, "PART_PX", 10_000)
    assert part.part_of(large, None).pixels is large
    flat = np.full_like(large, 128)  # which a JPEG holds to the last bit
    assert part.part_of(flat, rate.plain(flat, 50)).pixels is flat


def test_a_part_is_written_in_the_scans_of_the_whole(monkeypatch, large):
    monkeypatch.setattr(part, "PART_PX", large.shape[0] * large.shape[1] // 3)
    monkeypatch.setattr(jpeg, "PROGRESSIVE_MAX_PX", large.shape[0] * large.shape[1] - 1)
    known = rate.plain(large, 75)  # baseline, for it is so large
    found = part.part_of(large, known)
    baseline = jpeg.encode(found.pixels, 75, JpegSettings(scans="baseline"))
    assert len(jpeg.encode(found.pixels, 75)) < len(baseline), "or it tells nothing"
    assert found.share == len(baseline) / len(known.jpeg)
