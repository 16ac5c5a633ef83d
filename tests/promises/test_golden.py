"""Pairs of earlier versions decode to their stored pixels."""

import json

import numpy as np
import pytest
from golden import GOLDEN
from PIL import Image

import comrec
from comrec.networks import presets


def test_every_trained_pair_has_a_file_here_at_each_of_its_scales():
    found = set()
    for path in GOLDEN:
        sidecar = path.with_name(path.name.replace(".comrec.jpg", ".comrec.json"))
        if sidecar.exists():
            record = json.loads(sidecar.read_bytes())
            preset = presets.find(record["preset"])
            found.add((preset.name, record.get("scale", preset.scales[0])))
    assert found >= {
        (preset.name, scale)
        for preset in presets.PRESETS.values()
        if preset.weights
        for scale in preset.scales
    }


@pytest.mark.parametrize("path", GOLDEN, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_a_golden_pair_decodes_to_its_stored_pixels(path):
    restored = comrec.decompress(path)
    stem = path.name.removesuffix(".comrec.jpg")
    with Image.open(path.with_name(f"{stem}.restored.png")) as stored:
        expected = np.asarray(stored)
    assert restored.shape == expected.shape
    # One grey level: another machine's arithmetic may round the other way.
    assert np.abs(restored.astype(int) - expected).max() <= 1
