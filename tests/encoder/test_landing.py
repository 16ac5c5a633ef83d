"""Tests the search for a price at which a value is as wanted."""

from __future__ import annotations

import math

import pytest

from comrec.encoder.landing import PRICE_MAX, PRICE_MIN, TRIES_MAX, Aim, land


def asked(value, aim):
    prices = []

    def measure(price):
        prices.append(price)
        return value(price)

    land(measure, aim)
    return prices


@pytest.mark.parametrize("fall", [0.05, 0.3, 1.0])
@pytest.mark.parametrize("wanted", [9.6, 10.0, 10.2])
def test_it_ends_at_a_value_within_the_tolerance(fall, wanted):
    def value(price):
        return 10 - fall * math.log2(price) - 0.02 * math.log2(price) ** 2

    reachable = value(PRICE_MAX) < wanted < value(PRICE_MIN)
    last = asked(value, Aim(wanted, -0.02, 0, 0.2))[-1]
    assert not reachable or wanted - 0.02 <= value(last) <= wanted


def test_a_first_value_within_the_tolerance_is_the_only_one_measured():
    assert asked(lambda price: 5.0, Aim(5.01, -0.02, 0, 1.0)) == [1]


def test_a_value_that_does_not_move_is_given_up():
    prices = asked(lambda price: 7.0, Aim(5.0, -0.02, 0, 0.5))
    assert len(prices) <= TRIES_MAX
    assert max(prices) <= PRICE_MAX
