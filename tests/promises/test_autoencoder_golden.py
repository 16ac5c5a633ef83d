"""Released autoencoders keep name and number, and their files decode."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from comrec.apps.autoencoder import model
from comrec.errors import WeightsError
from comrec.networks import weights

GOLDEN = Path(__file__).parents[1] / "data" / "golden-autoencoder"
NAMES = {"mnist-dense": 1, "mnist-cnn": 2, "cifar100-conv": 3}
SIZE_MAX_BYTES = 8e6  # of all of them


def test_a_released_model_keeps_its_name_and_number():
    rows = json.loads(model.TABLE.read_bytes())
    assert {row["name"]: row["number"] for row in rows} == NAMES


def test_the_released_models_are_small_and_whole():
    files = [row.file for row in model.RELEASED.values()]
    assert sum(len(weights.read(file)) for file in files) < SIZE_MAX_BYTES
    for row in model.RELEASED.values():
        assert (weights.folder() / f"{row.name}.md").exists()
        assert row.file.sha256[:8] in row.file.name
        loaded = model.load(row.name)
        assert (loaded.number, loaded.hash.hex()) == (row.number, row.file.sha256[:8])


def test_altered_weights_are_refused(monkeypatch, tmp_path):
    row = model.RELEASED["mnist-cnn"]
    data = bytearray((weights.folder() / row.file.name).read_bytes())
    data[1000] ^= 1
    (tmp_path / row.file.name).write_bytes(data)
    monkeypatch.setattr(weights, "folder", lambda: tmp_path)
    with pytest.raises(WeightsError, match="not the released weights"):
        model.load("mnist-cnn")
    with pytest.raises(WeightsError, match="missing"):
        model.load("mnist-dense")


@pytest.mark.parametrize("name", NAMES)
def test_a_golden_file_decodes_to_its_stored_pixels(name):
    pytest.importorskip("keras", reason="needs the autoencoder extra")
    pytest.importorskip("constriction", reason="needs the autoencoder extra")
    from comrec.apps.autoencoder import codec

    restored = codec.decompress((GOLDEN / f"{name}.crae").read_bytes())
    with Image.open(GOLDEN / f"{name}.png") as stored:
        expected = np.asarray(stored)
    assert restored.squeeze().shape == expected.shape
    # One grey level: another machine's arithmetic may round the other way.
    assert np.abs(restored.squeeze().astype(int) - expected).max() <= 1
