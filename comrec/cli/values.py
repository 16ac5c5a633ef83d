"""Values that may be typed, each refused with what is legal.

All raise argparse.ArgumentTypeError for text that is not legal.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable


def number(low: int, high: int) -> Callable[[str], int]:
    """A whole number from low to high."""

    def parse(text: str) -> int:
        if not text.isdecimal() or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(
                f"must be a whole number from {low} to {high}. Received: {text!r}"
            )
        return int(text)

    return parse


def scale(text: str) -> float | str:
    """A number above 0, or "auto"."""
    return text if text == "auto" else positive(text)


def positive(text: str) -> float:
    """A finite number above 0."""
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not 0 < found < math.inf:
        raise argparse.ArgumentTypeError(
            f"must be a number above 0. Received: {text!r}"
        )
    return found


def size(text: str) -> tuple[int, int]:
    """WxH in pixels, to (H, W)."""
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) * int(height)):
        raise argparse.ArgumentTypeError(f"must be WxH in pixels. Received: {text!r}")
    return int(height), int(width)


def shard(text: str) -> tuple[int, int]:
    """i/n, the i-th of n parts, where i counts from 0."""
    index, _, of = text.partition("/")
    if not (index.isdecimal() and of.isdecimal() and int(index) < int(of) <= 99_999):
        raise argparse.ArgumentTypeError(
            f"must be i/n, with i from 0 to n - 1. Received: {text!r}"
        )
    return int(index), int(of)
