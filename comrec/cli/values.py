"""Parses values of options; each function names the legal values of its option.

All raise argparse.ArgumentTypeError for illegal text.
"""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable
from decimal import Decimal

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "ki": 2**10, "mi": 2**20,
          "gi": 2**30}  # fmt: skip
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s?([kmg]i?)?b?", re.IGNORECASE)
BYTES_MAX = 2**40


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


def share(text: str) -> float:
    """Parses a number from 0 to 1."""
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not 0 <= found <= 1:
        raise argparse.ArgumentTypeError(
            f"must be a number from 0 to 1. Received: {text!r}"
        )
    return found


def size(text: str) -> tuple[int, int]:
    """Parses WxH in pixels; returns (H, W)."""
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) * int(height)):
        raise argparse.ArgumentTypeError(f"must be WxH in pixels. Received: {text!r}")
    return int(height), int(width)


def size_in_bytes(text: str) -> int:
    """Parses a number of bytes, such as 1500, 10k, 1.5MB or 64KiB.

    k, M and G are powers of 1000; Ki, Mi and Gi are powers of 1024.
    """
    found = _SIZE.fullmatch(text)
    unit = _UNITS[(found[2] or "").lower()] if found else 0
    count = int(Decimal(found[1]) * unit) if found else 0
    if not 1 <= count <= BYTES_MAX:
        raise argparse.ArgumentTypeError(
            f"must be bytes, such as 1500, 10k, 1.5MB or 64KiB. Received: {text!r}"
        )
    return count


def shard(text: str) -> tuple[int, int]:
    """Parses i/n, the i-th of n parts counted from 0; returns (i, n)."""
    index, _, of = text.partition("/")
    if not (index.isdecimal() and of.isdecimal() and int(index) < int(of) <= 99_999):
        raise argparse.ArgumentTypeError(
            f"must be i/n, with i from 0 to n - 1. Received: {text!r}"
        )
    return int(index), int(of)
