"""Finds the integer at which a rising function reaches a value, in few evaluations."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

# Counts of evaluations after which the search bisects, so that no function takes long.
BISECTED = range(6, 100, 2)
LINEAR_AXIS = 0.5  # of the axis: the distance within which a function is about linear


def find_largest(holds: Callable[[int], bool], low: int, high: int) -> int | None:
    """Finds the largest integer in [low, high] for which `holds`, by bisection.

    Args:
      holds: true up to one integer and false above this integer.
      low, high: the range; empty where high < low.

    Returns:
      The integer; None where `holds` is false in the whole range.
    """
    best = None
    while low <= high:
        middle = (low + high) // 2
        if holds(middle):
            best, low = middle, middle + 1
        else:
            high = middle - 1
    return best


def find_crossing(
    value: Callable[[int], float],
    wanted: float,
    low: int,
    high: int,
    start: Sequence[int] = (),
    tolerance: tuple[float, float] | None = None,
    axis: Callable[[int], float] = float,
    slope: float = math.inf,
    beyond: float = 0.0,
) -> int:
    """Finds the smallest integer in [low, high] whose value is at least `wanted`.

    The search interpolates (regula falsi) and falls back on bisection.

    Args:
      value: a rising function of the integer, expensive to evaluate.
      wanted: the value to reach.
      low, high: the range.
      start: integers to evaluate first, unless earlier values have excluded them.
      tolerance: distances (below, above) from `wanted`. The search ends at a value
        within these distances: the result is its integer where the value reaches
        `wanted`, else the next integer. Where the second distance is positive, the
        search also ends at an integer that reaches `wanted` while a line through
        nearby values predicts that the integer below falls short.
      axis: maps the integer to a scale on which values rise about linearly.
      slope: the expected rise of the value per unit of the axis; infinite if unknown.
      beyond: added to `wanted` where the search interpolates, so that it aims into the
        tolerance and not at its edge.

    Returns:
      The integer; high + 1 where no value reaches `wanted`. Without a tolerance the
      result is exact: the integer below was evaluated and falls short, or the result
      is low.
    """
    below, above = (low - 1, -math.inf), (high + 1, math.inf)
    evaluated: list[tuple[int, float]] = []
    pending, at = list(start), (low + high) // 2
    while above[0] - below[0] > 1:
        while pending and not below[0] < pending[0] < above[0]:
            del pending[0]
        at = pending.pop(0) if pending else at
        found = value(at)
        evaluated.append((at, found))
        if found < wanted:
            below = at, found
        else:
            above = at, found
        if tolerance and wanted - tolerance[0] <= found <= wanted + tolerance[1]:
            return at if found >= wanted else at + 1
        is_bracketed = all(math.isfinite(side[1]) for side in (below, above))
        line = [below, above] if is_bracketed else evaluated[-2:]
        if tolerance and tolerance[1] > 0 and found >= wanted and at > low:
            place = _interpolate(line, wanted, axis, slope)
            if place is not None and _is_linear(line, axis) and axis(at - 1) < place:
                return at
        at = (below[0] + above[0]) // 2
        place = _interpolate(line, wanted + beyond, axis, slope)
        if place is not None and len(evaluated) - len(start) not in BISECTED:
            between = range(below[0] + 1, above[0])
            at = _select_nearest(between, place, axis, tolerance) if between else at
    return above[0]


def _select_nearest(
    between: Sequence[int],
    place: float,
    axis: Callable[[int], float],
    tolerance: tuple[float, float] | None,
) -> int:
    """Selects the integer nearest to a place on the axis.

    With a tolerance, integers on the side where the search may end come first. Of
    integers at one place the largest is selected: beyond all values, only the end of
    the range can exclude the others.
    """

    def rank(n: int) -> tuple[bool, float, int]:
        offset = axis(n) - place
        is_wrong_side = tolerance is not None and (
            offset < 0 if tolerance[1] > 0 else offset > 0
        )
        return is_wrong_side, abs(offset), -n

    return min(between, key=rank)


def _is_linear(line: Sequence[tuple[int, float]], axis: Callable[[int], float]) -> bool:
    """Checks whether two points are so close that a line describes the values."""
    return 0 < abs(axis(line[-1][0]) - axis(line[0][0])) <= LINEAR_AXIS


def _interpolate(
    line: Sequence[tuple[int, float]],
    wanted: float,
    axis: Callable[[int], float],
    slope: float,
) -> float | None:
    """Returns the place on the axis where a line reaches `wanted`.

    The line goes through two points, or through one with the expected slope. Returns
    None where the points determine no rising line.
    """
    (first, low), (last, high) = line[0], line[-1]
    length = axis(last) - axis(first)
    if math.isnan(high - low):  # both are infinite
        return None
    if length and (high - low) / length > 0:
        slope = (high - low) / length
    if not 0 < slope < math.inf:
        return None
    return axis(first) + (wanted - low) / slope
