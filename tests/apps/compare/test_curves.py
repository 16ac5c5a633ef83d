"""Curves rise, and large pictures have none."""

from __future__ import annotations

import itertools

from comrec.apps.compare import curves
from comrec.encoder.options import Options


def test_curves_rise_and_large_pictures_have_none(made, monkeypatch):
    assert list(made.curves) == ["plain JPEG", "webp", "comrec"]
    for curve in made.curves.values():
        assert len(curve) >= 2
        assert all(a[0] < b[0] and a[1] < b[1] for a, b in itertools.pairwise(curve))
    monkeypatch.setattr(curves, "MAX_PX", 10)
    assert curves.measure_curves({}, made.results[0].pixels, Options(), None) == {}
