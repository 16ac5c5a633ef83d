"""Says where RecCNN brings an ordinary JPEG closer to its picture, and how much.

`gates.json` holds what validation pictures gained, by preset, chroma sampling and
quality; experiments/quality/restore_gate.py makes it. Luma and chroma are taken apart:
networks that learned 4:2:0 alone take sharper chroma for noise.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from comrec.networks import presets

TABLE = Path(__file__).with_name("gates.json")
OTHER = "4:4:4"  # for samplings that were not measured


class Gain(NamedTuple):
    """Holds gains in PSNR of one quality: mean over pictures, and the least."""

    mean_db: float
    least_db: float


class Point(NamedTuple):
    """Holds what one quality showed.

    Attributes:
      luma_step, chroma_step: mean log2 of the quantiser steps.
      luma, chroma, both: gains where these changes alone are taken.
    """

    luma_step: float
    chroma_step: float
    luma: Gain
    chroma: Gain
    both: Gain


class Decision(NamedTuple):
    """Says which changes to take, and the mean gain to expect, in dB of RGB PSNR."""

    luma: bool
    chroma: bool
    expected_db: float


NOTHING = Decision(False, False, 0.0)


def decide(
    preset: str,
    sampling: str,
    luma_step: float,
    chroma_step: float,
    takes_chroma: bool = True,
) -> Decision:
    """Decides for one JPEG: the most gain of what no validation picture lost by.

    Args:
      preset: name; one that was not measured is taken as the default.
      sampling: of the chroma, such as "4:2:0", or "grey".
      luma_step, chroma_step: mean log2 of the quantiser steps.
      takes_chroma: whether the change of chroma may be taken.
    """
    table = measured(preset)
    points = table.get(sampling) or table[OTHER]
    luma = _gain(points, luma_step, lambda p: (p.luma_step, p.luma))
    legal = [(luma, Decision(True, False, luma.mean_db))]
    if takes_chroma:
        chroma = _gain(points, chroma_step, lambda p: (p.chroma_step, p.chroma))
        both = min(
            _gain(points, luma_step, lambda p: (p.luma_step, p.both)),
            _gain(points, chroma_step, lambda p: (p.chroma_step, p.both)),
            key=lambda gain: gain.least_db,
        )
        legal.append((chroma, Decision(False, True, chroma.mean_db)))
        legal.append((both, Decision(True, True, both.mean_db)))
    gains = [choice for gain, choice in legal if gain.least_db > 0]
    return max(gains, key=lambda choice: choice.expected_db, default=NOTHING)


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
                Point(*point[:2], *(Gain(*gain) for gain in point[2:]))
                for point in points
            ]
            for sampling, points in by_sampling.items()
        }
        for preset, by_sampling in json.loads(TABLE.read_bytes()).items()
    }


def _gain(
    points: Sequence[Point], step: float, at: Callable[[Point], tuple[float, Gain]]
) -> Gain:
    """Interpolates between the steps that were measured; the ends hold beyond them."""
    ordered = sorted(map(at, points))
    if step <= ordered[0][0]:
        return ordered[0][1]
    for (low, before), (high, after) in pairwise(ordered):
        if step <= high:
            share = (step - low) / (high - low) if high > low else 1.0
            return Gain(
                *(a + share * (b - a) for a, b in zip(before, after, strict=True))
            )
    return ordered[-1][1]
