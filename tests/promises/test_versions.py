"""Pairs of old versions and of each engine decode in every engine."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
from golden import GOLDEN
from PIL import Image

import comrec
from comrec.errors import WeightsError
from comrec.networks import engine

pytestmark = pytest.mark.slow
# onnxruntime decodes all of them in test_golden. Of the others, one of each way through
# the code: a grey pair, one in colour, half sizes.
SAMPLE = [
    path
    for path in GOLDEN
    if path.parent.name
    in ("0.1.0", "jiang2017-gray-q50-2", "comrec-base-2", "comrec-lite-2")
    and path.name.split(".comrec")[0] in ("grey", "colour", "colour-1.5", "embedded")
]
LITE = "comrec-lite-2"


def need(name: str) -> None:
    if not importlib.util.find_spec(engine.MODULES[name]):
        pytest.skip(f"{name} is not installed")


@pytest.mark.parametrize("name", ["openvino", "keras"])
@pytest.mark.parametrize("path", SAMPLE, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_golden_pairs_decode_in_each_engine(path, name):
    need(name)
    if name == "keras" and path.parent.name == "0.1.0":
        # Keras needs the master of a folded network, which only the history has.
        with pytest.raises(WeightsError, match="master is not installed"):
            comrec.decompress(path, engine=name)
        return
    restored = comrec.decompress(path, engine=name, exact=True)
    stem = path.name.removesuffix(".comrec.jpg")
    with Image.open(path.with_name(f"{stem}.restored.png")) as stored:
        assert np.abs(restored.astype(int) - np.asarray(stored)).max() <= 1


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    with Image.open(GOLDEN[-1].parents[4] / "examples" / "astronaut.png") as picture:
        return np.asarray(picture.convert("RGB"))[30:77, 180:241]


@pytest.mark.parametrize("maker", engine.MODULES)
def test_a_pair_of_one_engine_decodes_in_each_other(photo, maker):
    need(maker)
    made = comrec.compress(photo, preset=LITE, jpeg_quality=40, scale=1.5, engine=maker)
    pictures = [
        comrec.decompress(made.jpeg, made.sidecar, engine=reader, exact=True)
        for reader in engine.MODULES
        if importlib.util.find_spec(engine.MODULES[reader])
    ]
    for picture in pictures:
        assert picture.shape == photo.shape
        assert np.abs(picture.astype(int) - pictures[0]).max() <= 1
