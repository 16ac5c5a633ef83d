"""The gradient of the restored image's error: that of differences, whatever the preset."""

from __future__ import annotations

import numpy as np
import pytest

from comrec.networks import presets
from comrec.networks.codec import Codec

pytest.importorskip("onnxruntime")

STEPS = np.full((2, 8, 8), 16, np.float32)
EACH_PRESET = pytest.mark.parametrize("name", presets.PRESETS)
EACH_SPACE = pytest.mark.parametrize("channels", [1, 3])


def draw(height: int, width: int, channels: int) -> tuple[np.ndarray, np.ndarray]:
    """A tile that goes beyond the range, and its original."""
    rng = np.random.default_rng(0)
    enlarged = rng.uniform(-20, 280, (height, width, channels)).astype(np.float32)
    return enlarged, rng.integers(0, 256, enlarged.shape).astype(np.uint8)


@EACH_PRESET
@EACH_SPACE
def test_every_preset_gives_a_gradient_of_the_shape_of_the_tile(name, channels):
    enlarged, target = draw(13, 10, channels)
    gradient_of = Codec(presets.find(name), threads=1).input_gradient()
    restored, gradient = gradient_of(enlarged, STEPS, target)
    assert restored.shape == gradient.shape == enlarged.shape
    assert restored.dtype == gradient.dtype == np.float32
    assert restored.min() >= 0
    assert restored.max() <= 255
    assert np.isfinite(gradient).all()
    assert np.abs(gradient).max() > 1
