"""Tests the search for the integer at which a function reaches a value."""

import numpy as np
import pytest

from comrec.encoder import root_finding
from comrec.image.metrics import psnr_db
from comrec.jpeg import coding, quantisation
from comrec.jpeg.settings import JpegSettings

FLAT = JpegSettings(tables="flat")
data = pytest.importorskip("skimage.data", reason="needs the dev extra")


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return np.ascontiguousarray(data.astronaut()[:256, 128:384])


@pytest.mark.parametrize(
    ("limit", "expected"),
    [(0, None), (1, 1), (37, 37), (99, 99), (100, 100), (500, 100)],
)
def test_largest_is_found_by_bisection(limit, expected):
    asked = []

    def holds(n: int) -> bool:
        asked.append(n)
        return n <= limit

    assert root_finding.find_largest(holds, 1, 100) == expected
    assert len(asked) <= 7


def test_largest_in_an_empty_range_is_none():
    assert root_finding.find_largest(lambda n: True, 1, 0) is None


VALUES = (1.0, 1.0, 2.5, 2.5, 4.0, 40.0, 41.0, float("inf"))


@pytest.mark.parametrize("start", [(), (1,), (5,), (8, 2), (0,), (99, 4, 3, 5)])
@pytest.mark.parametrize("wanted", [0.5, 1.0, 2.0, 4.0, 4.1, 40.5, 1e9, float("inf")])
def test_crossing_is_the_first_value_that_reaches_what_is_wanted(wanted, start):
    found = root_finding.find_crossing(lambda n: VALUES[n - 1], wanted, 1, 8, start)
    assert found == 1 + sum(value < wanted for value in VALUES)


def test_crossing_beyond_all_values_is_one_past_the_range():
    assert root_finding.find_crossing(float, 9, 1, 8) == 9
    assert root_finding.find_crossing(float, 0, 1, 0) == 1


def test_crossing_of_a_smooth_curve_takes_few_evaluations():
    asked = []

    def bytes_at(quality: int) -> float:
        asked.append(quality)
        return 300 * 1.03**quality

    for wanted in (400, 1000, 3000, 5000):
        asked.clear()
        found = root_finding.find_crossing(bytes_at, wanted, 1, 100)
        assert bytes_at(found - 1) < wanted <= bytes_at(found)
        assert len(asked) <= 9


@pytest.mark.parametrize("wanted_db", [27.0, 30.0, 33.0, 36.0])
def test_crossing_along_log_steps_takes_four_encodes_of_a_photo(photo, wanted_db):
    asked = []

    def measure_db(quality: int) -> float:
        asked.append(quality)
        return psnr_db(photo, coding.decode(coding.encode(photo, quality, FLAT)))

    tolerance = (0.0, 0.3)
    rule = {"axis": quantisation.log_step, "slope": quantisation.FINER_DB}
    found = root_finding.find_crossing(
        measure_db, wanted_db, 1, 100, (), tolerance, **rule
    )
    assert len(asked) <= 4
    assert measure_db(found) >= wanted_db > measure_db(found) - 0.8
    asked.clear()
    assert (
        root_finding.find_crossing(measure_db, 1000.0, 1, 100, (), tolerance, **rule)
        == 101
    )
    assert len(asked) <= 3, "the end of the range excludes the others"


@pytest.mark.parametrize(("tolerance", "expected"), [((0, 9), 50), ((3, 0), 51)])
def test_crossing_ends_within_the_tolerance(tolerance, expected):
    # 50, the middle, is evaluated first: it reaches 45, and lacks 2 of 52.
    wanted = 45 if tolerance[1] else 52
    assert root_finding.find_crossing(float, wanted, 1, 100, (), tolerance) == expected


@pytest.mark.parametrize(("beyond", "found"), [(0.0, 52), (3.0, 55), (-2.0, 50)])
def test_crossing_aims_beyond_what_is_wanted_into_the_tolerance(beyond, found):
    # Rises by 1; the first value, at 40, gives the slope.
    tolerance = (0.0, 4.0) if beyond >= 0 else (4.0, -1.0)
    rule = {"tolerance": tolerance, "slope": 1.0, "beyond": beyond}
    asked = []

    def value(number: int) -> float:
        asked.append(number)
        return float(number)

    root_finding.find_crossing(value, 52, 1, 100, (40,), **rule)
    assert asked == [40, found]


def test_crossing_does_not_evaluate_what_values_nearby_predict():
    asked = []

    def value(number: int) -> float:
        asked.append(number)
        return number / 10

    # 52 is the first to reach 5.15; 51, between it and 50, need not be evaluated.
    found = root_finding.find_crossing(
        value, 5.15, 1, 100, (50, 52), (0.0, 0.01), lambda n: n / 10
    )
    assert found == 52
    assert asked == [50, 52]
    asked.clear()
    assert root_finding.find_crossing(value, 5.15, 1, 100, (50, 52)) == 52
    assert 51 in asked, "unless the result has to be exact"


def test_crossing_of_what_is_exact_almost_everywhere_takes_few_evaluations():
    asked = []

    def measure_db(quality: int) -> float:
        asked.append(quality)
        return float("inf") if quality > 3 else 20.0 + quality

    rule = {"axis": quantisation.log_step, "slope": quantisation.FINER_DB}
    assert root_finding.find_crossing(measure_db, 60.0, 1, 100, [90], **rule) == 4
    assert len(asked) <= 9
