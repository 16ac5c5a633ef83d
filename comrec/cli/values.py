"""Parses values of options; each function names the legal values of its option.

All raise argparse.ArgumentTypeError for illegal text.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable


def number(low: int, high: int) -> Callable[[str], int]:
    """Returns a parser of whole numbers in [low, high]."""

    def parse(text: str) -> int:
        if not text.isdecimal() or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(
                f"must be a whole number from {low} to {high}. Received: {text!r}"
            )
        return int(text)

    return parse


def scale(text: str) -> float | str:
    """Parses a finite number above 0, or "auto"."""
    return text if text == "auto" else positive(text)


def positive(text: str) -> float:
    """Parses a finite number above 0."""
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
    """Parses WxH in pixels; returns (H, W)."""
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) * int(height)):
        raise argparse.ArgumentTypeError(f"must be WxH in pixels. Received: {text!r}")
    return int(height), int(width)


def shard(text: str) -> tuple[int, int]:
    """Parses i/n, the i-th of n parts counted from 0; returns (i, n)."""
    index, _, of = text.partition("/")
    if not (index.isdecimal() and of.isdecimal() and int(index) < int(of) <= 99_999):
        raise argparse.ArgumentTypeError(
            f"must be i/n, with i from 0 to n - 1. Received: {text!r}"
        )
    return int(index), int(of)
