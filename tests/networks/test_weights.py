"""Weights are found, and checked on every load."""

import subprocess
import sys
import sysconfig
from dataclasses import replace
from pathlib import Path

import pytest

from comrec.errors import WeightsError
from comrec.networks import engine, presets, weights

PRESET = presets.find("jiang2017-gray-q50-2")
FILE = PRESET.onnx["comcnn"]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def copies(tmp_path, monkeypatch) -> Path:
    """A folder of weights to spoil."""
    for file in (*PRESET.weights.values(), *PRESET.onnx.values()):
        (tmp_path / file.name).write_bytes(weights.read(file))
    monkeypatch.setattr(weights, "folder", lambda: tmp_path)
    engine._load.cache_clear()
    yield tmp_path
    engine._load.cache_clear()


def spoil(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_untouched_files_are_read(copies):
    assert weights.read(FILE) == (copies / FILE.name).read_bytes()
    assert len(weights.verify(PRESET)) == 4
    assert weights.verify(presets.find("plain")) == []


def test_a_missing_file_is_named_with_the_remedy(copies):
    (copies / FILE.name).unlink()
    with pytest.raises(WeightsError, match="missing or unreadable") as err:
        weights.read(FILE)
    assert str(err.value).startswith(f"{copies / FILE.name}: ")
    assert "No such file" in str(err.value)
    assert str(err.value).endswith("Reinstall comrec.")


def test_an_unreadable_file_is_named_with_the_remedy(copies):
    (copies / FILE.name).unlink()
    (copies / FILE.name).mkdir()
    with pytest.raises(WeightsError, match=r"unreadable \(.*\)\. Reinstall") as err:
        weights.read(FILE)
    assert str(err.value).startswith(f"{copies / FILE.name}: ")


@pytest.mark.parametrize("how", ["flipped", "cut", "empty", "longer", "another's"])
def test_an_altered_file_is_named_with_what_it_should_be(copies, how):
    path = copies / FILE.name
    data = path.read_bytes()
    if how == "flipped":
        spoil(path)
    else:
        other = weights.read(PRESET.onnx["reccnn"])
        changed = {"cut": data[:-1], "empty": b"", "longer": data + b"\0"}
        path.write_bytes(changed.get(how, other))
    with pytest.raises(WeightsError, match="not the released weights") as err:
        weights.read(FILE)
    assert str(err.value).startswith(f"{path}: ")
    assert f"must be {FILE.sha256[:12]}" in str(err.value)
    assert str(err.value).endswith("Reinstall comrec.")


def test_every_read_checks_again(copies):
    weights.read(FILE)
    spoil(copies / FILE.name)
    with pytest.raises(WeightsError, match="not the released weights"):
        weights.read(FILE)


@pytest.mark.parametrize("kind", ["weights", "onnx"])
@pytest.mark.parametrize("network", ["comcnn", "reccnn"])
def test_verify_reads_every_file_of_a_preset(copies, kind, network):
    spoil(copies / getattr(PRESET, kind)[network].name)
    with pytest.raises(WeightsError, match="not the released weights"):
        weights.verify(PRESET)


@pytest.mark.parametrize("name", engine.MODULES)
def test_no_engine_loads_altered_weights(copies, name):
    pytest.importorskip(engine.MODULES[name], reason=f"{name} is not installed")
    for file in (PRESET.weights["comcnn"], PRESET.onnx["comcnn"]):
        spoil(copies / file.name)
    with pytest.raises(WeightsError, match="not the released weights"):
        engine.load(PRESET, "comcnn", name)


def test_a_hash_that_is_not_the_files_is_refused():
    with pytest.raises(WeightsError, match=r"must be 000000000000…, received"):
        weights.read(replace(FILE, sha256="0" * 64))


def test_weights_are_found_from_the_source_tree_without_an_install(tmp_path):
    # -S leaves out what an editable install adds to the import system.
    program = (
        "import sys; sys.path[:] = [p for p in sys.path if p] + sys.argv[1:]\n"
        "from comrec.networks import presets, weights\n"
        "print(weights.folder()); weights.verify(presets.find(presets.DEFAULT))"
    )
    places = [str(ROOT), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    done = subprocess.run(
        [sys.executable, "-S", "-c", program, *places],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert Path(done.stdout.strip()) == ROOT / "pretrained"
