"""Makes small folders of prepared crops."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

from comrec.train.prepared import coders
from comrec.train.prepared.recipe import Recipe, prepare

SIDE = 96
EVERY_KIND = dict.fromkeys(coders.KINDS, 0.2)
SMALL = Recipe(count=40, side_px=SIDE, shares=EVERY_KIND)


@pytest.fixture(scope="module", autouse=True)
def cheap_own() -> Iterator[None]:
    """Codes `own` as `flat`, where no test is about the coding itself."""
    with mock.patch.dict(coders.KINDS, own=coders.flat):
        yield


def waves(height: int, width: int, seed: int) -> np.ndarray:
    """Returns a smooth colour picture, uint8 (height, width, 3)."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    colours = [np.sin(x / a + y / b) for a, b in rng.uniform(2, 9, (3, 2))]
    return np.clip(np.stack(colours, -1) * 90 + 128, 0, 255).astype(np.uint8)


PICTURES = [waves(220, 200, 1), waves(200, 260, 2)]


def make(
    folder: Path, recipe: Recipe = SMALL, pictures: Sequence[np.ndarray] = PICTURES
) -> list[int]:
    """Makes all shards; returns the crops after each of them."""
    return list(prepare(folder, recipe, pictures, [1, 2][: len(pictures)]))
