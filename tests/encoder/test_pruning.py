"""Telling ways apart by few drafts: what is looked at, and how far it errs."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from comrec.encoder import pruning
from comrec.encoder.excerpt import Excerpt
from comrec.encoder.mode import Candidate
from comrec.encoder.search import Goal
from comrec.jpeg.quantisation import log_step, nearest_quality
from comrec.jpeg.settings import PLAIN


class Curve:
    """A way whose dB and bytes follow straight lines along octaves, up to a ceiling."""

    pixels = np.zeros((8, 8, 1), np.uint8)  # so small that the part is the whole

    def __init__(self, scale=1.0, db=30.0, octave_bytes=12.0, ceiling_db=math.inf):
        self.settings = SimpleNamespace(tables="standard", encoder="libjpeg-turbo")
        self.codec = SimpleNamespace(scale=scale) if scale else None
        self.db, self.octave_bytes, self.ceiling_db = db, octave_bytes, ceiling_db
        self.looks: list[int] = []
        self.guess, self.qualities = None, range(1, 101)

    def rough(self, pixels, share):
        assert pixels is self.pixels
        assert share == 1
        return self

    def expected_db(self, quality):
        self.looks.append(quality)
        return min(self.db + 3.2 * log_step(quality), self.ceiling_db)

    def draft_bytes(self, quality):
        return 2 ** (self.octave_bytes + 0.9 * log_step(quality))


def plain(quality):
    """A plain JPEG that keeps to a goal."""
    return Candidate(b"", quality, 33.0, 8000, PLAIN, None)


CLOSE, SMALL = Goal(least_db=33.0), Goal(most_bytes=8000, closest=True)


@pytest.mark.parametrize("plain_quality", [20, 50, 90])
@pytest.mark.parametrize("goal", [CLOSE, SMALL], ids=["dB", "bytes"])
def test_few_looks_say_what_a_way_comes_to(goal, plain_quality):
    way = Curve()
    (found,) = pruning.estimates([way], goal, plain(plain_quality), 1)
    assert len(way.looks) <= 3
    if goal.closest:
        octave = (math.log2(8000) - 12) / 0.9
        assert found.psnr_db == pytest.approx(30 + 3.2 * octave, abs=0.2)
    else:
        octave = (33 - 30) / 3.2
        assert math.log2(found.total_bytes) == pytest.approx(12 + 0.9 * octave, abs=0.1)
    assert log_step(way.guess) == pytest.approx(octave, abs=0.15)


@pytest.mark.parametrize("goal", [CLOSE, SMALL], ids=["dB", "bytes"])
def test_a_way_that_lies_far_behind_is_looked_at_once(goal):
    near, far = Curve(), Curve(db=26.0)
    found = pruning.estimates([near, far], goal, plain(50), 1)
    assert [each.way for each in pruning.likeliest(found)] == [near]
    assert len(far.looks) == 1


def test_what_a_reduction_loses_does_not_come_back():
    near, reduced = Curve(), Curve(scale=2.0, octave_bytes=11.0, ceiling_db=32.0)
    found = pruning.estimates([near, reduced], CLOSE, plain(50), 1)
    assert [each.way for each in pruning.likeliest(found)] == [near]


def test_a_plain_jpeg_is_looked_at_once_where_that_tells_and_its_estimate_may_err():
    way = Curve(scale=0)
    (found,) = pruning.estimates([way], CLOSE, plain(65), 1)
    assert len(way.looks) == 1
    assert found.is_sure
    true_bytes = 2 ** (12 + 0.9 * 3 / 3.2)
    assert found.candidate(1).total_bytes < true_bytes < found.candidate(-1).total_bytes


@pytest.mark.parametrize("quality", [1, 97])
def test_ends_are_ends(quality):
    goal = Goal(least_db=1.0 if quality == 1 else 99.0)
    (found,) = pruning.estimates([way := Curve()], goal, plain(50), 1)
    assert way.guess == quality
    assert math.isfinite(found.behind)
    plenty = Goal(most_bytes=2**40, closest=True)
    (found,) = pruning.estimates([way := Curve()], plenty, plain(50), 1)
    assert way.guess == 97
    assert found.psnr_db == pytest.approx(30 + 3.2 * 4, abs=0.5), "and no closer"
    for too_few in (0, 2):
        goal = Goal(most_bytes=too_few, closest=True)
        (found,) = pruning.estimates([Curve()], goal, plain(50), 1)
        assert found.behind == math.inf


def test_pictures_that_a_jpeg_holds_exactly_have_an_estimate():
    for least_db in (math.inf, 40.0):
        way = Curve(db=math.inf)
        (found,) = pruning.estimates([way], Goal(least_db=least_db), plain(75), 1)
        assert 1 <= way.guess <= 100
        assert math.isfinite(found.behind)


def test_the_nearest_quality_has_those_steps():
    assert [nearest_quality(log_step(q)) for q in (1, 25, 50, 75, 95)] == [
        1,
        25,
        50,
        75,
        95,
    ]
    assert nearest_quality(-math.inf) == nearest_quality(-99) == 1
    assert nearest_quality(99) == 97  # all steps are 1 from there on


# A number of dB that does not come back when 0.1 is added and taken away.
UNEVEN = Goal(least_db=31.95)


@pytest.mark.parametrize("goal", [UNEVEN, SMALL], ids=["dB", "bytes"])
@pytest.mark.parametrize("sign", [-1, 1])
def test_an_estimate_by_a_part_is_of_the_whole(goal, sign):
    part = Excerpt(Curve.pixels, 0.123, 0.1)
    whole = pruning.Estimate(Curve(scale=0), goal, Excerpt(Curve.pixels), 50)

    class OfPart(Curve):
        """The same picture by a part of it, which is that much smaller and closer."""

        def rough(self, pixels, share):
            assert share == 0.123
            self.db += 0.1
            self.octave_bytes += math.log2(0.123)
            return self

    by_part = pruning.Estimate(OfPart(scale=0), goal, part, 50)
    for each in (whole, by_part):
        each.look()
        assert goal.meets(each.candidate(sign)), "to the last bit"
    found, wanted = by_part.candidate(sign), whole.candidate(sign)
    assert found.quality == wanted.quality
    assert found.total_bytes == pytest.approx(wanted.total_bytes, rel=0.01)
    assert found.psnr_db == pytest.approx(wanted.psnr_db, abs=0.01)
