"""Pairs that earlier versions wrote decode for ever, to the pixels of then."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import comrec

GOLDEN = sorted((Path(__file__).parent / "data" / "golden").glob("*/*.comrec.jpg"))


def test_there_are_golden_pairs():
    assert len(GOLDEN) >= 3


@pytest.mark.parametrize("path", GOLDEN, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_a_golden_pair_decodes_to_its_stored_pixels(path):
    restored = comrec.decompress(path)
    stem = path.name.removesuffix(".comrec.jpg")
    with Image.open(path.with_name(f"{stem}.restored.png")) as stored:
        expected = np.asarray(stored)
    assert restored.shape == expected.shape
    # One grey level: another machine's arithmetic may round the other way.
    assert np.abs(restored.astype(int) - expected).max() <= 1
