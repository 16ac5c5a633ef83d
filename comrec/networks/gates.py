"""Says which share of RecCNN's change brings an ordinary JPEG closer to its picture.

`gates.json` holds what validation pictures showed, by preset, chroma sampling and
quality; experiments/quality/restore_gate.py makes it. The share is by luma and chroma,
for networks that learned 4:2:0 alone take sharper chroma for noise; and by how much the
JPEG kept of a block, for where it kept nothing there is hardly anything to undo.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from comrec.networks import presets

TABLE = Path(__file__).with_name("gates.json")
OTHER = "4:4:4"  # for samplings that were not measured
GREY = "grey"
# Each kind of block by the least number of its AC coefficients that are not 0.
KINDS = (0, 1, 2, 4, 7, 11, 21)


class Point(NamedTuple):
    """Holds what one quality showed.

    Attributes:
      luma_step, chroma_step: mean log2 of the quantiser steps.
      luma, chroma: shares of the change that leave least error, by kind of block.
      mean_db, least_db: gains in PSNR with these shares, over pictures.
    """

    luma_step: float
    chroma_step: float
    luma: tuple[float, ...]
    chroma: tuple[float, ...]
    mean_db: float
    least_db: float


class Decision(NamedTuple):
    """Says what to take of a change, and the mean gain to expect, in dB of RGB PSNR.

    Attributes:
      luma, chroma: shares of the change, 0 to 1, by kind of block.
      expected_db: 0 where nothing is taken.
    """

    luma: tuple[float, ...]
    chroma: tuple[float, ...]
    expected_db: float

    @property
    def gains(self) -> bool:
        """Whether anything is taken."""
        return self.expected_db > 0


NOTHING = Decision((0.0,) * len(KINDS), (0.0,) * len(KINDS), 0.0)


def decide(
    preset: str, sampling: str, luma_step: float, chroma_step: float
) -> Decision:
    """Decides for one JPEG: nothing is taken where a validation picture lost by it.

    Args:
      preset: name; one that was not measured is taken as the default.
      sampling: of the chroma, such as "4:2:0", or "grey".
      luma_step, chroma_step: mean log2 of the quantiser steps.
    """
    table = measured(preset)
    points = table.get(sampling) or table[OTHER]
    of_luma = _interpolate(points, [p.luma_step for p in points], luma_step)
    of_chroma = of_luma
    if sampling != GREY:
        of_chroma = _interpolate(points, [p.chroma_step for p in points], chroma_step)
    worse = min(of_luma, of_chroma, key=lambda point: point.least_db)
    if min(worse.least_db, worse.mean_db) <= 0:
        return NOTHING
    return Decision(of_luma.luma, of_chroma.chroma, worse.mean_db)


def kinds_of(counts: np.ndarray) -> np.ndarray:
    """Returns the kind of blocks by their numbers of AC coefficients, both integers."""
    return np.searchsorted(KINDS, counts, side="right") - 1


def measured(preset: str) -> dict[str, list[Point]]:
    """Returns what a preset, or for an unknown one the default, showed by sampling."""
    return _table().get(preset) or _table()[presets.DEFAULT]


def is_measured(preset: str) -> bool:
    """Tells whether the gain of a preset was measured: of your own it was not."""
    return preset in _table()


@cache
def _table() -> dict[str, dict[str, list[Point]]]:
    return {
        preset: {
            sampling: [
                Point(of_luma, of_chroma, tuple(luma), tuple(chroma), mean_db, least_db)
                for of_luma, of_chroma, luma, chroma, (mean_db, least_db) in points
            ]
            for sampling, points in by_sampling.items()
        }
        for preset, by_sampling in json.loads(TABLE.read_bytes()).items()
    }


def _interpolate(points: Sequence[Point], steps: Sequence[float], step: float) -> Point:
    """Interpolates between the steps that were measured; the ends hold beyond them."""
    ordered = sorted(zip(steps, points, strict=True))
    if step <= ordered[0][0]:
        return ordered[0][1]
    for (low, before), (high, after) in pairwise(ordered):
        if step <= high:
            return _between(before, after, (step - low) / max(high - low, 1e-9))
    return ordered[-1][1]


def _between(before: Point, after: Point, share: float) -> Point:
    def between(a: float, b: float) -> float:
        return a + share * (b - a)

    luma, chroma = (
        tuple(map(between, a, b))
        for a, b in ((before.luma, after.luma), (before.chroma, after.chroma))
    )
    return Point(
        between(before.luma_step, after.luma_step),
        between(before.chroma_step, after.chroma_step),
        luma, chroma,
        between(before.mean_db, after.mean_db),
        between(before.least_db, after.least_db),
    )  # fmt: skip
