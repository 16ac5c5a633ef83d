"""Curves: BD-rate, BD-PSNR and means, against another package and by hand."""

import math

import pytest

from comrec.apps.evaluate import bd
from comrec.apps.evaluate.bd import Curve, Score

pytest.importorskip("scipy", reason="comes with the eval extra")


ANCHOR = Curve((0.1, 0.2, 0.5, 1.0, 2.0), (24.0, 26.0, 29.5, 33.0, 37.5))


SMOOTH = Curve((0.06, 0.13, 0.3, 0.7, 1.4, 2.5), (24.5, 27.0, 30.1, 34.0, 37.2, 40.0))


@pytest.mark.filterwarnings("ignore")  # of matplotlib, which it loads
@pytest.mark.parametrize("method", bd.METHODS)
@pytest.mark.parametrize("curves", [(ANCHOR, SMOOTH), (SMOOTH, ANCHOR)])
def test_bd_agrees_with_the_package_bjontegaard(curves, method):
    bjontegaard = pytest.importorskip("bjontegaard", reason="comes with the eval extra")
    anchor, other = curves
    points = anchor.bpp, anchor.quality, other.bpp, other.quality
    options = {"method": method, "require_matching_points": False, "min_overlap": 0}
    rate = bd.bd_rate(anchor, other, method=method)
    psnr = bd.bd_psnr(anchor, other, method=method)
    assert rate.value == pytest.approx(bjontegaard.bd_rate(*points, **options))
    assert psnr.value == pytest.approx(bjontegaard.bd_psnr(*points, **options))


def test_half_the_bits_for_the_same_quality_are_minus_50_percent():
    half = Curve(tuple(bpp / 2 for bpp in ANCHOR.bpp), ANCHOR.quality)
    assert bd.bd_rate(ANCHOR, half) == pytest.approx((-50, 24.0, 37.5))
    assert bd.bd_rate(half, ANCHOR) == pytest.approx((100, 24.0, 37.5))


def test_one_db_more_at_the_same_rate_is_one_db():
    better = Curve(ANCHOR.bpp[1:], tuple(db + 1 for db in ANCHOR.quality[1:]))
    # Without the first point PCHIP bends the first stretch a little differently.
    assert bd.bd_psnr(ANCHOR, better) == pytest.approx((1, 0.2, 2.0), rel=0.02)


def test_bd_is_over_the_range_that_both_have_and_that_is_asked_for():
    assert bd.bd_rate(ANCHOR, SMOOTH)[1:] == (24.5, 37.5)
    assert bd.bd_rate(ANCHOR, SMOOTH, until_bpp=1.0)[1:] == (24.5, 33.0)
    assert bd.bd_psnr(ANCHOR, SMOOTH)[1:] == (0.1, 2.0)
    assert bd.bd_psnr(ANCHOR, SMOOTH, until_bpp=1.0)[1:] == (0.1, 1.0)


@pytest.mark.parametrize(
    "other", [Curve((0.1, 0.2), (40.0, 41.0)), Curve((0.1,), (30.0,)), Curve((), ())]
)
def test_curves_that_share_no_range_have_no_bd_rate(other):
    assert bd.bd_rate(ANCHOR, other) is None
    assert bd.bd_rate(other, ANCHOR) is None
    assert bd.bd_rate(ANCHOR, SMOOTH, until_bpp=0.05) is None


def test_quality_at_a_rate_is_on_the_curve_or_nothing():
    assert [bd.at_rate(ANCHOR, bpp) for bpp in ANCHOR.bpp] == list(ANCHOR.quality)
    assert 29.5 < bd.at_rate(ANCHOR, 0.7) < 33.0
    assert bd.at_rate(ANCHOR, 0.0999) is None
    assert bd.at_rate(ANCHOR, 2.001) is None
    # On a line in log rate PCHIP is that line: 3 dB for each doubling.
    line = Curve((0.25, 0.5, 1.0, 2.0), (20.0, 23.0, 26.0, 29.0))
    assert bd.at_rate(line, math.sqrt(0.5)) == pytest.approx(24.5)


def test_a_curve_leaves_out_points_that_do_not_pay():
    points = [(1.0, 33.0), (0.5, 34.0), (2.0, math.inf), (0.5, 31.0), (0.1, 20.0)]
    assert Curve.through(points) == Curve((0.1, 0.5), (20.0, 34.0))


@pytest.mark.parametrize(
    "points", [((1, 2), (30, 30)), ((2, 1), (30, 31)), ((0, 1), (30, 31)), ((1,), ())]
)
def test_a_curve_that_does_not_rise_is_refused(points):
    with pytest.raises(ValueError, match="a curve is finite"):
        Curve(*points)


def test_a_mean_curve_has_every_picture_at_every_setting():
    scores = [
        Score("a", 10, 0.2, 26), Score("b", 10, 0.4, 30),
        Score("b", 20, 0.8, 34), Score("a", 20, 0.4, 28),
    ]  # fmt: skip
    mean = bd.mean_curve(scores)
    assert mean.bpp == pytest.approx((0.3, 0.6))
    assert mean.quality == pytest.approx((28, 31))
    for wrong in (scores[:3], scores + scores[:1], 2 * scores):
        with pytest.raises(ValueError, match="every picture once"):
            bd.mean_curve(wrong)
