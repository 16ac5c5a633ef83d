"""Tests that files are written once, kept while they are few, and the smallest."""

from __future__ import annotations

import numpy as np
import pytest
from searches import choose, photo

from comrec.encoder import file_cache
from comrec.encoder.file_cache import FileCache
from comrec.errors import JpegError
from comrec.jpeg import coding
from comrec.jpeg.settings import PLAIN, JpegSettings


def test_no_file_is_written_twice(restored_px, monkeypatch):
    written, write = [], coding.encode

    def counted(pixels, quality, settings=PLAIN, space="RGB", target=None):
        scans = coding.scans_of(pixels, settings)
        written.extend((pixels.tobytes(), quality, settings.tables, s) for s in scans)
        return write(pixels, quality, settings, space, target=target)

    monkeypatch.setattr(coding, "encode", counted)
    choose(restored_px, quality=4, scale=2.0)
    assert len(written) > 6
    assert len({*written}) == len(written)


@pytest.fixture
def written(monkeypatch) -> list[int]:
    """Records the qualities that are written."""
    qualities, write = [], coding.encode

    def record(pixels, quality, *rest):
        qualities.append(quality)
        return write(pixels, quality, *rest)

    monkeypatch.setattr(coding, "encode", record)
    return qualities


def cache_of(pixels: np.ndarray, settings: JpegSettings = PLAIN) -> FileCache:
    return FileCache(pixels, settings, None, lambda: pixels)


@pytest.mark.parametrize("size", [(1, 1), (1, 17), (29, 101)])
@pytest.mark.parametrize("encoder", ["libjpeg-turbo", "mozjpeg"])
def test_the_file_is_the_smaller_of_both_kinds_of_scans(encoder, size):
    pixels = np.ascontiguousarray(photo()[: size[0], : size[1]])
    settings = JpegSettings(encoder)
    files = cache_of(pixels, settings)
    assert files.encode(30) == coding.encode(pixels, 30, settings)
    assert files.measure_bytes(30) == len(files.encode(30))


def test_a_trellis_runs_once_for_both_kinds_of_scans(written):
    files = cache_of(photo(29, 31), JpegSettings("comrec", "flat"))
    draft = files.encode_draft(40)
    smallest = files.encode(40)
    assert written == [40]
    assert smallest == min(draft, coding.to_progressive(draft), key=len)


def test_files_of_few_qualities_are_kept_and_all_sizes(written):
    files = cache_of(photo(29, 31))
    for quality in (10, 20, 30, 40, 50):
        files.measure_bytes(quality)
    written.clear()
    files.encode(20)
    files.encode(50)
    assert written == []
    files.measure_bytes(10)
    assert written == [], "sizes are kept"
    files.encode(10)
    assert set(written) == {10}, "the oldest file is not"


def test_of_a_large_image_the_files_of_one_quality_are_kept(written, monkeypatch):
    monkeypatch.setattr(file_cache, "LARGE_MIN_PX", 28 * 31)
    files = cache_of(photo(29, 31))
    files.encode(10)
    files.encode(20)
    written.clear()
    files.encode(20)
    assert written == []
    files.encode(10)
    assert set(written) == {10}


def test_a_quality_out_of_range_is_refused():
    with pytest.raises(JpegError, match=r"1 to 100\. Received: 101"):
        cache_of(photo(29, 31)).encode(101)


def test_memory_is_trimmed_after_large_images_alone(monkeypatch):
    trimmed = []
    monkeypatch.setattr(file_cache.memory, "trim", lambda: trimmed.append(1))
    monkeypatch.setattr(file_cache, "TRIM_MIN_PX", 100)
    file_cache.trim_after(np.zeros((10, 10, 1), np.uint8))
    assert not trimmed
    file_cache.trim_after(np.zeros((101, 1, 1), np.uint8))
    assert trimmed
