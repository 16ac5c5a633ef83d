"""Tests the choice of the mode that is encoded by rounds, and of the guide."""

from __future__ import annotations

import numpy as np
import pytest
from pictures import photo

import comrec
from comrec.encoder import efforts, guided, guided_modes
from comrec.encoder.options import Options

LITE = "comrec-lite-2"


@pytest.mark.pretrained
def test_the_scale_whose_start_shows_the_fewest_bytes_is_encoded(monkeypatch):
    begun, encoded = [], []

    def begin(self):
        begun.append(self._mode.codec.scale)
        return {1: 90, 1.5: 80, 2: 100}[begun[-1]], 28.0

    def encode(self):
        encoded.append(self._mode.codec.scale)
        return []

    monkeypatch.setattr(guided_modes, "NEAR_BYTES", 9.0)
    monkeypatch.setattr(guided_modes, "GUIDED_MODES", 3)
    monkeypatch.setattr(guided.GuidedEncoder, "begin", begin)
    monkeypatch.setattr(guided.GuidedEncoder, "encode", encode)
    comrec.compress(photo(192, 240), preset=LITE, threads=1, target_psnr=27.0, effort=1)
    assert len(begun) > 1
    assert encoded == sorted(begun, key=[1.5, 1, 2].index)


def test_low_efforts_look_through_the_guide_and_high_ones_through_the_preset():
    for effort, name in ((0, None), (5, LITE), (6, "comrec-base-3")):
        options = Options(preset="comrec-base-3", effort=effort)
        found = efforts.find_guide(options, np.zeros((8, 8, 3), np.uint8))
        assert (found and found.name) == name


@pytest.mark.pretrained
@pytest.mark.parametrize(
    ("shown_bytes", "asked"), [(10**6, {"target_psnr": 30.0}), (400, {"quality": 60})]
)
def test_a_start_that_cannot_win_ends_without_rounds(monkeypatch, shown_bytes, asked):
    encoded = []

    def encode(self):
        encoded.append(self)
        return []

    monkeypatch.setattr(guided.GuidedEncoder, "begin", lambda self: (shown_bytes, 30.0))
    monkeypatch.setattr(guided.GuidedEncoder, "encode", encode)
    comrec.compress(photo(96, 120), preset=LITE, threads=1, effort=1, **asked)
    assert bool(encoded) == (shown_bytes == 400)
