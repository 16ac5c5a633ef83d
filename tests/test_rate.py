"""Choosing the compact image's quality."""

import numpy as np
import pytest

from comrec import jpeg, presets, rate
from comrec.codec import Codec
from comrec.metrics import psnr_db

data = pytest.importorskip("skimage.data", reason="needs the dev extra")


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return np.ascontiguousarray(data.astronaut()[:256, 128:384])


@pytest.fixture(scope="module")
def pair() -> Codec:
    return Codec(presets.find("jiang2017-gray-q50"))


@pytest.mark.parametrize(
    ("limit", "expected"),
    [(0, None), (1, 1), (37, 37), (99, 99), (100, 100), (500, 100)],
)
def test_largest_is_found_by_bisection(limit, expected):
    asked = []

    def holds(n: int) -> bool:
        asked.append(n)
        return n <= limit

    assert rate.largest(holds, 1, 100) == expected
    assert len(asked) <= 7


def test_largest_in_an_empty_range_is_none():
    assert rate.largest(lambda n: True, 1, 0) is None


def test_plain_within_is_the_best_plain_jpeg_that_fits(photo):
    best = rate.plain_within(photo, 6000)
    assert best is not None
    assert len(best.jpeg) <= 6000 < len(jpeg.encode(photo, best.quality + 1))
    assert best.psnr_db == psnr_db(photo, jpeg.decode(best.jpeg))
    assert rate.plain_within(photo, 100) is None


def test_within_is_the_finest_compact_jpeg_that_fits(pair, photo):
    best = rate.within(pair, photo, 3000)
    assert best is not None
    finer = rate.at_quality(pair, photo, best.quality + 1)
    assert len(best.jpeg) <= 3000 < len(finer.jpeg)
    assert rate.within(pair, photo, 100) is None


def test_the_choice_is_as_close_as_the_anchor_in_fewer_bytes(pair, photo):
    anchor, overhead = rate.plain(photo, 8), 90
    chosen = rate.as_close_as(pair, photo, anchor, overhead)
    assert chosen is not None
    assert len(chosen.jpeg) + overhead < len(anchor.jpeg)
    restored = pair.restore(chosen.jpeg, photo.shape[:2])
    assert chosen.psnr_db == psnr_db(photo, restored) >= anchor.psnr_db
    # And no more than that: one quality step less would fall behind.
    less = rate.at_quality(pair, photo, chosen.quality - 1)
    assert less.psnr_db < anchor.psnr_db


@pytest.mark.parametrize(("quality", "overhead"), [(95, 90), (8, 100_000)])
def test_no_choice_where_the_pair_cannot_reach_or_costs_more(
    pair, photo, quality, overhead
):
    assert rate.as_close_as(pair, photo, rate.plain(photo, quality), overhead) is None


def test_a_sample_that_flatters_is_put_right_on_the_whole_picture(
    pair, photo, monkeypatch
):
    honest = rate._sampled_lead

    def flattering(*args):
        lead_db = honest(*args)
        return lambda coded: lead_db(coded) + 0.4

    monkeypatch.setattr(rate, "_sampled_lead", flattering)
    full = []
    restore = Codec.restore
    monkeypatch.setattr(
        Codec, "restore", lambda *args: full.append(args) or restore(*args)
    )
    anchor = rate.plain(photo, 8)
    chosen = rate.as_close_as(pair, photo, anchor, 90)
    assert chosen is not None
    assert chosen.psnr_db >= anchor.psnr_db
    assert 2 <= len(full) <= 4
