"""Checks the arguments of public functions, and says what is legal."""

from __future__ import annotations

import math
import operator

import numpy as np

from comrec.errors import UsageError

REFUSED = bool | np.bool_ | str | bytes  # as numbers, though float() takes them


def positive(name: str, value: object) -> float:
    """A finite number above 0, NumPy's included, as a float.

    Raises:
      UsageError: it is not one.
    """
    try:
        number = math.nan if isinstance(value, REFUSED) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not 0 < number < math.inf:
        raise UsageError(f"{name} must be a number above 0. Received: {value!r}")
    return number


def whole(name: str, value: object, low: int, high: int | None = None) -> int:
    """A whole number in [low, high], NumPy's included, as an int.

    Raises:
      UsageError: it is not one.
    """
    try:
        number: int | None = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = None
    legal = f"{low} to {high}" if high is not None else f"{low} or more"
    above = high is not None and number is not None and number > high
    if number is None or isinstance(value, bool) or number < low or above:
        raise UsageError(f"{name} must be a whole number, {legal}. Received: {value!r}")
    return number
