"""Arguments of public functions: which numbers are taken, and what refusals say."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest

from comrec.errors import UsageError
from comrec.system import checks


@pytest.mark.parametrize(
    "value",
    [0.25, 1, 10**9, 5e-324, Fraction(1, 4), np.float32(0.25), np.int64(3),
     np.array(2.5)],
)  # fmt: skip
def test_a_number_above_0_becomes_a_float_of_the_same_value(value):
    found = checks.positive("bpp", value)
    assert type(found) is float
    assert found == float(value)


@pytest.mark.parametrize(
    "value",
    [0, -0.0, -1, float("nan"), float("inf"), -float("inf"), 10**400, True, False,
     np.bool_(True), "1", b"1", None, [1.0], (), 1j, np.array([1.0, 2.0]), ...],
    ids=repr,
)  # fmt: skip
def test_what_is_no_number_above_0_is_refused_by_the_arguments_name(value):
    with pytest.raises(UsageError) as err:
        checks.positive("bpp", value)
    expected = f"bpp must be a number above 0. Received: {value!r}"
    assert str(err.value) == expected


@pytest.mark.parametrize("value", [1, 100, np.uint8(7), np.int64(1)])
def test_a_whole_number_within_its_bounds_becomes_an_int(value):
    found = checks.whole("quality", value, 1, 100)
    assert type(found) is int
    assert found == value


def test_without_an_upper_bound_any_larger_number_is_legal():
    assert checks.whole("threads", 10**30, 0) == 10**30
    assert checks.whole("threads", 0, 0) == 0


@pytest.mark.parametrize(
    "value",
    [0, 101, -1, 10**30, 1.0, 1.5, np.float64(3), float("nan"), True, np.bool_(True),
     "1", b"1", None, [1]],
    ids=repr,
)  # fmt: skip
def test_what_is_no_whole_number_within_the_bounds_is_refused_with_them(value):
    with pytest.raises(UsageError) as err:
        checks.whole("quality", value, 1, 100)
    assert str(err.value) == (
        f"quality must be a whole number, 1 to 100. Received: {value!r}"
    )


@pytest.mark.parametrize("value", [-1, None, False])
def test_a_bound_on_one_side_is_named_alone(value):
    with pytest.raises(UsageError, match=r"a whole number, 0 or more\. Received: "):
        checks.whole("threads", value, 0)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "", "{", b"\xff"])
def test_what_is_no_json_is_a_value_error_also_if_nested_too_deeply(text):
    with pytest.raises(ValueError):  # noqa: PT011
        checks.parse_json(text)


def test_json_whose_values_take_far_more_memory_than_itself_is_refused_unparsed():
    row = {"title": "a, b", "files": ["pictures/a.comrec.jpg"], "bytes": 12345}
    many = json.dumps([row] * 5000)
    assert len(checks.parse_json(many)) == len(checks.parse_json(many.encode())) == 5000
    for text in ("[" + "{}," * 20_000 + "{}]", b"[" + b"[]," * 20_000 + b"[]]"):
        with pytest.raises(ValueError, match="too many values"):
            checks.parse_json(text)
