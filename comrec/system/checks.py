"""Checks the arguments of public functions and names the legal values."""

from __future__ import annotations

import math
import operator

import numpy as np

from comrec.errors import UsageError

REFUSED = bool | np.bool_ | str | bytes  # no numbers, although float() accepts them


def positive(name: str, value: object) -> float:
    """Returns a positive, finite number as a float.

    Args:
      name: of the argument, for the message.
      value: a Python or NumPy number.

    Raises:
      UsageError: `value` is no such number.
    """
    try:
        number = math.nan if isinstance(value, REFUSED) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not 0 < number < math.inf:
        raise UsageError(f"{name} must be a number above 0. Received: {value!r}")
    return number


def whole(name: str, value: object, low: int, high: int | None = None) -> int:
    """Returns a whole number in [low, high] as an int.

    Args:
      name: of the argument, for the message.
      value: a Python or NumPy integer.
      low, high: bounds, both included; None is no upper bound.

    Raises:
      UsageError: `value` is no such number.
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
