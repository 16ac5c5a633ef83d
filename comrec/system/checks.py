"""Checks the arguments of public functions and names the legal values."""

from __future__ import annotations

import json
import math
import operator
from typing import Any

from comrec.errors import UsageError

MAX_PIXELS = 2**28  # larger pictures are refused by default: 268 megapixels
MARKS_MAX, BYTES_PER_MARK = 10_000, 8  # of JSON: commas and opening brackets


def positive(name: str, value: object) -> float:
    """Returns a positive, finite number as a float.

    Args:
      name: of the argument, for the message.
      value: a Python or NumPy number.

    Raises:
      UsageError: `value` is no such number.
    """
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if _is_no_number(value) or not 0 < number < math.inf:
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


def exact(number: float) -> float:
    """Returns a whole number as an int, so that 2.0 is written as 2."""
    is_whole = math.isfinite(number) and number == int(number)
    return int(number) if is_whole else number


def _is_no_number(value: object) -> bool:
    """Returns whether float() takes a value that is no number: a truth, or text."""
    is_numpy_truth = getattr(getattr(value, "dtype", None), "kind", "") == "b"
    return is_numpy_truth or isinstance(value, bool | str | bytes)


def parse_json(data: bytes | str) -> Any:
    """Returns the value of JSON of unknown origin.

    The size of the data bounds the memory of the value: empty objects alone would take
    twenty times as much.

    Raises:
      ValueError: the data are no JSON, are nested too deeply, or have too many values.
    """
    count: Any = data.count
    marks = ",[{" if isinstance(data, str) else (b",", b"[", b"{")
    if sum(map(count, marks)) > MARKS_MAX + len(data) // BYTES_PER_MARK:
        raise ValueError("too many values")
    try:
        return json.loads(data)
    except RecursionError as err:
        raise ValueError("brackets are nested too deeply") from err
