"""Tests estimates of coding modes: the number of drafts, and the error."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from comrec.encoder import pruning
from comrec.encoder.excerpt import Excerpt
from comrec.encoder.goal import Goal
from comrec.encoder.mode import Candidate
from comrec.jpeg.quantisation import log_step
from comrec.jpeg.settings import PLAIN


class Curve:
    """Stands for a mode whose dB and log2 bytes are linear in the log step."""

    pixels = np.zeros((8, 8, 1), np.uint8)  # so small that the excerpt is the image

    def __init__(self, scale=1.0, db=30.0, log2_bytes=12.0, ceiling_db=math.inf):
        self.settings = SimpleNamespace(tables="standard", encoder="libjpeg-turbo")
        self.codec = SimpleNamespace(scale=scale) if scale else None
        self.is_continuous = False
        self.db, self.log2_bytes, self.ceiling_db = db, log2_bytes, ceiling_db
        self.measured: list[int] = []
        self.first_quality, self.qualities = None, range(1, 101)

    def approximate(self, pixels, byte_share):
        assert pixels is self.pixels
        assert byte_share == 1
        return self

    def predict_psnr_db(self, quality):
        self.measured.append(quality)
        return min(self.db + 3.2 * log_step(quality), self.ceiling_db)

    def measure_draft_bytes(self, quality):
        return 2 ** (self.log2_bytes + 0.9 * log_step(quality))


def meet_goal(quality):
    """Returns a plain JPEG that meets a goal."""
    return Candidate(b"", quality, 33.0, 8000, PLAIN, None)


CLOSE, SMALL = Goal(min_psnr_db=33.0), Goal(max_bytes=8000, maximises_psnr=True)


@pytest.mark.parametrize("plain_quality", [20, 50, 90])
@pytest.mark.parametrize("goal", [CLOSE, SMALL], ids=["dB", "bytes"])
def test_three_drafts_estimate_the_result_of_a_mode(goal, plain_quality):
    mode = Curve()
    (found,) = pruning.estimate_all([mode], goal, meet_goal(plain_quality), 1)
    assert len(mode.measured) <= 3
    if goal.maximises_psnr:
        steps = (math.log2(8000) - 12) / 0.9
        assert found.psnr_db == pytest.approx(30 + 3.2 * steps, abs=0.2)
    else:
        steps = (33 - 30) / 3.2
        assert math.log2(found.total_bytes) == pytest.approx(12 + 0.9 * steps, abs=0.1)
    assert log_step(mode.first_quality) == pytest.approx(steps, abs=0.15)


@pytest.mark.parametrize("goal", [CLOSE, SMALL], ids=["dB", "bytes"])
def test_a_mode_of_a_high_cost_gets_one_draft(goal):
    near, far = Curve(), Curve(db=26.0)
    found = pruning.estimate_all([near, far], goal, meet_goal(50), 1)
    assert [each.mode for each in pruning.select_likely(found)] == [near]
    assert len(far.measured) == 1


def test_finer_steps_do_not_restore_what_a_reduction_loses():
    near, reduced = Curve(), Curve(scale=2.0, log2_bytes=11.0, ceiling_db=32.0)
    found = pruning.estimate_all([near, reduced], CLOSE, meet_goal(50), 1)
    assert [each.mode for each in pruning.select_likely(found)] == [near]


def test_a_plain_jpeg_gets_one_draft_and_its_bounds_enclose_the_result():
    mode = Curve(scale=0)
    (found,) = pruning.estimate_all([mode], CLOSE, meet_goal(65), 1)
    assert len(mode.measured) == 1
    assert found.is_sure
    true_bytes = 2 ** (12 + 0.9 * 3 / 3.2)
    assert (
        found.upper_bound().total_bytes < true_bytes < found.lower_bound().total_bytes
    )


@pytest.mark.parametrize("quality", [1, 97])
def test_estimates_stay_within_legal_qualities(quality):
    goal = Goal(min_psnr_db=1.0 if quality == 1 else 99.0)
    (found,) = pruning.estimate_all([mode := Curve()], goal, meet_goal(50), 1)
    assert mode.first_quality == quality
    assert math.isfinite(found.cost)
    plenty = Goal(max_bytes=2**40, maximises_psnr=True)
    (found,) = pruning.estimate_all([mode := Curve()], plenty, meet_goal(50), 1)
    assert mode.first_quality == 97
    assert found.psnr_db == pytest.approx(30 + 3.2 * 4, abs=0.5), "and no closer"
    for too_few in (0, 2):
        goal = Goal(max_bytes=too_few, maximises_psnr=True)
        (found,) = pruning.estimate_all([Curve()], goal, meet_goal(50), 1)
        assert found.cost == math.inf


def test_an_image_that_jpeg_stores_exactly_has_an_estimate():
    for min_psnr_db in (math.inf, 40.0):
        mode = Curve(db=math.inf)
        (found,) = pruning.estimate_all(
            [mode], Goal(min_psnr_db=min_psnr_db), meet_goal(75), 1
        )
        assert 1 <= mode.first_quality <= 100
        assert math.isfinite(found.cost)


# A number of dB that changes when 0.1 is added and subtracted.
UNEVEN = Goal(min_psnr_db=31.95)


@pytest.mark.parametrize("goal", [UNEVEN, SMALL], ids=["dB", "bytes"])
@pytest.mark.parametrize("bound", ["lower_bound", "upper_bound"])
def test_the_bounds_of_an_excerpt_are_of_the_whole_image(goal, bound):
    excerpt = Excerpt(Curve.pixels, 0.123, 0.1)
    whole = pruning.Estimate(Curve(scale=0), goal, Excerpt(Curve.pixels), 50)

    class OfExcerpt(Curve):
        """Stands for an excerpt: an eighth of the bytes, 0.1 dB more."""

        def approximate(self, pixels, byte_share):
            assert byte_share == 0.123
            self.db += 0.1
            self.log2_bytes += math.log2(0.123)
            return self

    by_excerpt = pruning.Estimate(OfExcerpt(scale=0), goal, excerpt, 50)
    for each in (whole, by_excerpt):
        each.measure()
        assert goal.meets(getattr(each, bound)()), "to the last bit"
    found, wanted = (getattr(each, bound)() for each in (by_excerpt, whole))
    assert found.quality == wanted.quality
    assert found.total_bytes == pytest.approx(wanted.total_bytes, rel=0.01)
    assert found.psnr_db == pytest.approx(wanted.psnr_db, abs=0.01)
