"""The released pairs that tests go through: the last one of each shape of networks."""

from __future__ import annotations

import numpy as np
import pytest

from comrec.networks import presets
from comrec.networks.presets import Preset

PAIRS = tuple(
    {
        (preset.family, repr(preset.sizes)): preset
        for preset in presets.PRESETS.values()
        if preset.weights
    }.values()
)
# The smallest runs with the slow tests: comrec-base goes the same way through the code.
PARAMS = [
    pytest.param(
        preset, id=preset.name,
        marks=[pytest.mark.slow] if preset.name.startswith("comrec-lite") else [],
    )
    for preset in PAIRS
]  # fmt: skip
EACH_PAIR = pytest.mark.parametrize("preset", PARAMS)


def inputs(preset: Preset, network: str, image: np.ndarray) -> tuple[np.ndarray, ...]:
    """What a network takes with an image, float32 (B, H, W, channels)."""
    if preset.family == "jiang2017":
        return (image,)
    told = np.array([[0.4, -0.2, 0.1, 0.3, 1]] if network == "reccnn" else [[1]])
    return image, told.repeat(len(image), axis=0).astype(np.float32)
