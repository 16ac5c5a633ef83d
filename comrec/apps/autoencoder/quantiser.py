"""Latent values to whole numbers and back: k bits within ranges that were measured."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

BITS_MAX = 8
# Of the values measured, this share on each side is clipped: one outlier in thousands
# would widen every step.
TAIL = 2e-4
COUNTS_TOTAL = 2**15  # of one value, so that they fit 16 bits


class Ranges(NamedTuple):
    """What each latent value may be: float32 (values,), low < high."""

    low: np.ndarray
    high: np.ndarray


def measure(latents: np.ndarray) -> Ranges:
    """Ranges of float32 (places, values), the outermost `TAIL` on each side cut off."""
    low, high = np.quantile(latents, (TAIL, 1 - TAIL), axis=0).astype(np.float32)
    # A value that never moves still needs a range.
    return Ranges(low, np.maximum(high, low + np.maximum(1e-3, np.abs(low) * 1e-3)))


def count(latents: np.ndarray, ranges: Ranges) -> np.ndarray:
    """How often each level of 8 bits comes: uint16 (values, 256), none of them 0."""
    symbols = quantise(latents, ranges, BITS_MAX)
    levels = 2**BITS_MAX
    found = np.stack([np.bincount(s, minlength=levels) for s in symbols.T])
    # A picture of another kind has other values: every level stays possible.
    spread = found * ((COUNTS_TOTAL - levels) / max(len(symbols), 1))
    return (np.floor(spread) + 1).astype(np.uint16)


def coarser(counts: np.ndarray, bits: int) -> np.ndarray:
    """Counts of the levels of `bits` bits: float64 (values, 2**bits)."""
    return counts.astype(np.float64).reshape(len(counts), 2**bits, -1).sum(axis=2)


def quantise(latents: np.ndarray, ranges: Ranges, bits: int) -> np.ndarray:
    """float32 (places, values) to uint8, 0 to 2**bits - 1; the range is the limit."""
    step = (ranges.high - ranges.low) / 2**bits
    levels = np.floor((latents - ranges.low) / step)
    return np.clip(levels, 0, 2**bits - 1).astype(np.uint8)


def dequantise(symbols: np.ndarray, ranges: Ranges, bits: int) -> np.ndarray:
    """The middle of each level, float32 (places, values)."""
    step = (ranges.high - ranges.low) / 2**bits
    return (ranges.low + (symbols.astype(np.float32) + 0.5) * step).astype(np.float32)
