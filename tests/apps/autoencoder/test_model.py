"""A model is read back as it was written, and a damaged one is refused."""

import json
import tracemalloc

import numpy as np
import pytest

pytest.importorskip("keras", reason="needs the autoencoder extra")
pytest.importorskip("constriction", reason="needs the autoencoder extra")

import autoencoders

from comrec.apps.autoencoder import model
from comrec.errors import UsageError


def test_a_model_reads_back_as_it_was_but_for_half_precision(made, tmp_path):
    _, coder = made["cnn"]
    model.save(tmp_path / "again.npz", coder.model, half=False)
    again = model.load(str(tmp_path / "again.npz"))
    assert again.architecture == coder.model.architecture
    for ours, theirs in zip(again.weights, coder.model.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(again.counts, coder.model.counts)


def record(**changes) -> np.ndarray:
    a = autoencoders.TINY["dense"].to_record() | changes
    return np.frombuffer(json.dumps({"name": "x", "architecture": a}).encode(), "u1")


BAD_MODELS = {
    "text": (b"nothing", "not a zip file"),
    "objects": ({"record": np.array([{}], dtype=object)}, "does not fit its header"),
    "no counts": ({"counts": np.zeros((6, 256), np.uint16)}, "its ranges and counts"),
    "no weights": ({"weight_0": None}, "weight_0"),
    "small": (
        {"weight_0": np.zeros((96, 9), "f2")},
        r"and its architecture has \(96, 1",
    ),
    "letters": ({"weight_1": np.full(10, "1.5")}, r"weights <U3\(10,\)"),
    "no numbers": ({"weight_1": np.full(10, np.nan, "f4")}, "that are no numbers"),
    "ranges": ({"low": np.zeros(6), "high": np.ones(6)}, "its ranges and counts"),
    "wide": ({"record": record(widths=[4096] * 8)}, "at most 33,554,432 are legal"),
    "deep": ({"record": record(widths=[1] * 10_000)}, "its record is too long"),
    "nested": ({"record": np.full(9000, ord("["), "u1")}, "nested too deeply"),
    "two lines": (
        {"record": np.frombuffer(b'{"name": "a\\nb", "architecture": {}}', "u1")},
        "its name is not",
    ),
    "a bomb": ({"weight_0": np.zeros(2**22 + 1, np.uint8)}, "bytes of arrays"),
}


@pytest.mark.parametrize("damage", BAD_MODELS)
def test_a_model_that_is_none_is_refused_in_words(made, tmp_path, damage, monkeypatch):
    monkeypatch.setattr(model, "MAX_BYTES", 2**22)
    path, _ = made["dense"]
    bad = tmp_path / "bad.npz"
    change, words = BAD_MODELS[damage]
    if isinstance(change, bytes):
        bad.write_bytes(change)
    else:
        with np.load(path) as arrays:
            kept = dict(arrays) | change
        kept = {name: array for name, array in kept.items() if array is not None}
        np.savez_compressed(bad, **kept)
    tracemalloc.start()
    try:
        with pytest.raises(UsageError, match=rf"bad\.npz: .*{words}") as raised:
            model.load(str(bad))
        assert "\n" not in str(raised.value)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()
    assert model.load(str(path))


def test_every_cut_of_a_model_is_refused(made, tmp_path):
    path, _ = made["dense"]
    whole = path.read_bytes()
    for size in range(0, len(whole), 97):
        (tmp_path / "cut.npz").write_bytes(whole[:size])
        with pytest.raises(UsageError, match=r"cut\.npz: "):
            model.load(str(tmp_path / "cut.npz"))
