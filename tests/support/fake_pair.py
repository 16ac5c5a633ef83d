"""A pair of two scales whose networks cost nothing: all the search needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import MappingProxyType

import cv2
import numpy as np
import pytest

from comrec.jpeg.settings import JpegSettings
from comrec.networks import engine, families, presets

NAME = "fake"
# No graph of it can be differentiated, so the search alone chooses the file.
FAMILY = replace(families.FAMILIES["comrec"], is_guide=False)
PAIR = replace(
    presets.find("jiang2017-gray-q50"),
    name=NAME, number=255, channels=3, scales=(1, 2), sizes={"reccnn": {}},
    jpeg=JpegSettings("mozjpeg", "flat"),
    jpeg_visual=JpegSettings("mozjpeg", "standard"),
    reach_px={"reccnn": 1}, family=NAME, multiple_px=2, compact_scales=(),
)  # fmt: skip
families.FAMILIES[NAME] = FAMILY


def smoothing(enlarged: np.ndarray, told: np.ndarray) -> np.ndarray:
    """A residual that helps a little: the coarser the JPEG, the smoother."""
    strength = float(np.clip(0.3 + 0.4 * told[0, 0], 0, 0.6))
    blurred = cv2.blur(enlarged[0], (3, 3), borderType=cv2.BORDER_REPLICATE)
    return strength * (blurred - enlarged[0])[None]


@contextmanager
def installed() -> Iterator[list[int]]:
    """The pair is a preset; yields the pixels of each call of its RecCNN."""
    looked_px: list[int] = []

    def network(enlarged: np.ndarray, told: np.ndarray) -> np.ndarray:
        looked_px.append(enlarged.shape[1] * enlarged.shape[2])
        return smoothing(enlarged, told)

    load = engine.load

    def load_fake(preset: presets.Preset, *rest: object) -> engine.Network:
        return network if preset.name == NAME else load(preset, *rest)

    rows = MappingProxyType({**presets.PRESETS, NAME: PAIR})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(presets, "PRESETS", rows)
        patch.setattr(engine, "load", load_fake)
        yield looked_px
