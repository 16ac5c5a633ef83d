"""Lands a file on a goal by the price of a bit, which may be any number.

Bytes and PSNR both fall as the price rises. So one search serves both: it looks for the
price at which a measured value lies within a tolerance of the one that is wanted.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

# Where a file may land: share of the budget, and dB above the goal.
BYTES_SHARE, ABOVE_DB = 0.995, 0.02
TRIES_MAX = 8
FIRST_OCTAVES = 1.0  # of the first change, at least
SHARE_MIN = 0.25  # of what lies between two prices: values may hardly move near one
PRICE_MIN, PRICE_MAX = 2.0**-6, 2.0**6  # over the price that goes with the steps


class Aim(NamedTuple):
    """Describes what to land on.

    Attributes:
      wanted: the value to land on.
      low, high: legal distances from `wanted` at which the search ends.
      slope: expected fall of the value for a doubled price.
    """

    wanted: float
    low: float
    high: float
    slope: float

    @property
    def middle(self) -> float:
        """The value to try for."""
        return self.wanted + (self.low + self.high) / 2


def land(
    measure: Callable[[float], float], aim: Aim, tries_max: int = TRIES_MAX
) -> None:
    """Measures at prices that come closer and closer to the aim.

    Args:
      measure: from a price, over the price that goes with the steps, to the value, and
        keeps whatever it has made for it.
      aim: what to land on.
      tries_max: measurements at most.
    """
    above: tuple[float, float] | None = None  # log2 price and value, the nearest
    below: tuple[float, float] | None = None
    at = 0.0
    for _ in range(tries_max):
        value = measure(2.0**at)
        if aim.low <= value - aim.wanted <= aim.high:
            return
        if value > aim.middle:
            above = at, value
        else:
            below = at, value
        if above and below:
            at = _between(above, below, aim.middle)
        else:
            change = (value - aim.middle) / aim.slope
            at += math.copysign(max(abs(change), FIRST_OCTAVES), change)
        limited = min(max(at, math.log2(PRICE_MIN)), math.log2(PRICE_MAX))
        if limited != at and (above or below) and limited in _prices(above, below):
            return
        at = limited


def _prices(*points: tuple[float, float] | None) -> list[float]:
    return [point[0] for point in points if point]


def _between(
    above: tuple[float, float], below: tuple[float, float], wanted: float
) -> float:
    """Returns the log2 price at which a line through two points has a value."""
    (low, high_value), (high, low_value) = above, below
    if high_value <= low_value:
        return (low + high) / 2
    share = (high_value - wanted) / (high_value - low_value)
    return low + (high - low) * min(max(share, SHARE_MIN), 1 - SHARE_MIN)
