"""JPEGs with what they came to, and the quality at which something is crossed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

MIDDLES = range(6, 100, 2)  # new looks after which a search goes to the middle
LOCAL = 0.5  # of the axis: so far values rise evenly


def largest(holds: Callable[[int], bool], low: int, high: int) -> int | None:
    """The largest whole number in [low, high] for which `holds`, by bisection.

    `holds` is true up to some number and false above; None if it never is.
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
    near: tuple[float, float] | None = None,
    axis: Callable[[int], float] = float,
    rise: float = math.inf,
) -> int:
    """The smallest whole number in [low, high] whose `value` reaches what is wanted.

    Args:
      value: of a number; it rises. Asked for as seldom as can be.
      wanted: what to reach.
      low, high: the range.
      start: where to look first, as far as that says something new.
      near: how far below and above what is wanted a value may lie for the search to
        end there: at a number that reaches it, or one past one that does not. Where it
        may lie above, the search also ends at a number that reaches it while the one
        below should not, as the looks around say.
      axis: of a number; along it values rise about evenly.
      rise: by how much for 1 on the axis, if that is known.

    Returns:
      The number; high + 1 where none reaches it. Just below it, unless `near` is
      given, is a number that does not, or low.
    """
    below, above = (low - 1, -math.inf), (high + 1, math.inf)
    looks: list[tuple[int, float]] = []
    ahead, at = list(start), (low + high) // 2
    while above[0] - below[0] > 1:
        while ahead and not below[0] < ahead[0] < above[0]:
            del ahead[0]
        at = ahead.pop(0) if ahead else at
        looks.append((at, value(at)))
        at, found = looks[-1]
        if found < wanted:
            below = at, found
        else:
            above = at, found
        if near and wanted - near[0] <= found <= wanted + near[1]:
            return at if found >= wanted else at + 1
        both = all(math.isfinite(side[1]) for side in (below, above))
        known = [below, above] if both else looks[-2:]
        if near and near[1] > 0 and found >= wanted and at > low:
            place = _place(known, wanted, axis, rise)
            if place is not None and _is_local(known, axis) and axis(at - 1) < place:
                return at
        at = (below[0] + above[0]) // 2
        place = _place(known, wanted, axis, rise)
        if place is not None and len(looks) - len(start) not in MIDDLES:
            between = range(below[0] + 1, above[0])
            at = _likely(between, place, axis, near) if between else at
    return above[0]


def _likely(
    between: Sequence[int],
    place: float,
    axis: Callable[[int], float],
    near: tuple[float, float] | None,
) -> int:
    """The number nearest to a place; past it, or before it, where that may be the end.

    Of several in one place the last: beyond all, only the end says so.
    """

    def order(n: int) -> tuple[bool, float, int]:
        beside = axis(n) - place
        is_behind = near is not None and (beside < 0 if near[1] > 0 else beside > 0)
        return is_behind, abs(beside), -n

    return min(between, key=order)


def _is_local(looks: Sequence[tuple[int, float]], axis: Callable[[int], float]) -> bool:
    """Whether values lie on a line between two looks, as good as."""
    return 0 < abs(axis(looks[-1][0]) - axis(looks[0][0])) <= LOCAL


def _place(
    looks: Sequence[tuple[int, float]],
    aim: float,
    axis: Callable[[int], float],
    rise: float,
) -> float | None:
    """Where on the axis the looks say that the aim is; None where they say nothing."""
    (first, low), (last, high) = looks[0], looks[-1]
    length = axis(last) - axis(first)
    if math.isnan(high - low):  # both are infinite
        return None
    if length and (high - low) / length > 0:
        rise = (high - low) / length
    if not 0 < rise < math.inf:
        return None
    return axis(first) + (aim - low) / rise
