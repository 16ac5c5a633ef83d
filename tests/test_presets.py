"""The table of trained pairs. A released row never changes meaning."""

import dataclasses
import hashlib

import pytest

from comrec import presets, weights
from comrec.errors import UsageError
from comrec.presets import PRESETS

ROWS = pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS.keys())
TRAINED = pytest.mark.parametrize("name", [n for n in PRESETS if n != presets.PLAIN])

# Released: these lines may be added to, never changed.
NUMBERS = {"plain": 1, "jiang2017-gray-q50": 2}
HASHES = {"plain": "", "jiang2017-gray-q50": "8e3a361b-0caeb26e"}


def test_released_names_keep_their_number_and_weights():
    assert {name: preset.number for name, preset in PRESETS.items()} == NUMBERS
    assert {name: preset.hash for name, preset in PRESETS.items()} == HASHES


def test_no_two_rows_share_a_name_or_a_number():
    rows = presets._ROWS
    assert len({row.name for row in rows}) == len(rows) == len(PRESETS)
    assert len({row.number for row in rows}) == len(rows)


@ROWS
def test_rows_fit_the_sidecar(preset):
    assert 1 <= preset.number <= 255
    assert preset.scales
    assert all(1 <= scale <= 255 for scale in preset.scales)
    assert preset.channels in (1, 3)
    assert preset.weights.keys() == preset.onnx.keys()
    assert set(preset.weights) in (set(), {"comcnn", "reccnn"})


@TRAINED
def test_every_file_of_a_row_is_there_and_is_the_one_it_names(name):
    preset = presets.find(name)
    files = [*preset.weights.values(), *preset.onnx.values()]
    for file in files:
        data = (weights.folder() / file.name).read_bytes()
        assert hashlib.sha256(data).hexdigest() == file.sha256


@TRAINED
def test_files_are_named_after_the_hash_of_the_master(name):
    preset = presets.find(name)
    for network, master in preset.weights.items():
        stem = f"{name}.{network}.{master.sha256[:8]}"
        assert master.name == f"{stem}.weights.h5"
        assert preset.onnx[network].name == f"{stem}.onnx"


def test_plain_is_no_network_at_all():
    plain = presets.find("plain")
    assert (plain.scales, dict(plain.weights), dict(plain.onnx)) == ((1,), {}, {})


def test_the_default_is_a_trained_pair():
    assert presets.find(presets.DEFAULT).weights


@ROWS
def test_find_gives_the_row_of_that_name(preset):
    assert presets.find(preset.name) is preset
    assert preset.row()["preset"] == preset.name


@pytest.mark.parametrize("name", ["", "Plain", "jiang2017", "jiang2017-gray-q50 "])
def test_an_unknown_name_is_refused_with_those_there_are(name):
    with pytest.raises(UsageError) as err:
        presets.find(name)
    assert str(err.value).startswith(f"no preset is called {name!r}. Presets: ")
    assert all(known in str(err.value) for known in PRESETS)


def test_rows_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        presets.find("plain").number = 3
    with pytest.raises(TypeError):
        PRESETS["plain"] = presets.find(presets.DEFAULT)
