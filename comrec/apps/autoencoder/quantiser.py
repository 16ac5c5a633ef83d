"""Quantises latent values to k bits, within measured ranges."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

BITS_MAX = 8
# This share of the measured values is clipped on each side, since rare outliers would
# widen every step.
TAIL = 2e-4
COUNTS_TOTAL = 2**15  # of one value, so that its counts fit in 16 bits


class Ranges(NamedTuple):
    """Holds the range of each latent value: float32 (values,), low < high."""

    low: np.ndarray
    high: np.ndarray


def measure(latents: np.ndarray) -> Ranges:
    """Measures ranges, without the share `TAIL` of the values on each side.

    Args:
      latents: float32 (places, values).
    """
    low, high = np.quantile(latents, (TAIL, 1 - TAIL), axis=0).astype(np.float32)
    # A constant value needs a range, too.
    return Ranges(low, np.maximum(high, low + np.maximum(1e-3, np.abs(low) * 1e-3)))


def count(latents: np.ndarray, ranges: Ranges) -> np.ndarray:
    """Counts the levels of 8 bits.

    Args:
      latents: float32 (places, values).
      ranges: of each value.

    Returns:
      uint16 (values, 256), none of them 0.
    """
    symbols = quantise(latents, ranges, BITS_MAX)
    levels = 2**BITS_MAX
    found = np.stack([np.bincount(s, minlength=levels) for s in symbols.T])
    # Every level stays possible, since other pictures have other values.
    spread = found * ((COUNTS_TOTAL - levels) / max(len(symbols), 1))
    return (np.floor(spread) + 1).astype(np.uint16)


def merge_levels(counts: np.ndarray, bits: int) -> np.ndarray:
    """Returns the counts of the levels of `bits` bits: float64 (values, 2**bits)."""
    return counts.astype(np.float64).reshape(len(counts), 2**bits, -1).sum(axis=2)


def quantise(latents: np.ndarray, ranges: Ranges, bits: int) -> np.ndarray:
    """Quantises float32 (places, values) to uint8, 0 to 2**bits - 1, and clips."""
    step = (ranges.high - ranges.low) / 2**bits
    levels = np.floor((latents - ranges.low) / step)
    return np.clip(levels, 0, 2**bits - 1).astype(np.uint8)


def dequantise(symbols: np.ndarray, ranges: Ranges, bits: int) -> np.ndarray:
    """Returns the middle of each level, float32 (places, values)."""
    step = (ranges.high - ranges.low) / 2**bits
    return (ranges.low + (symbols.astype(np.float32) + 0.5) * step).astype(np.float32)
