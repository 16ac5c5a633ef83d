"""A run becomes a preset: all of its files and its row, or nothing."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="needs the train extra")
onnx = pytest.importorskip("onnx", reason="needs the train extra")
pytest.importorskip("tf2onnx", reason="needs the train extra")
if keras.backend.backend() != "tensorflow":
    pytest.skip("the export needs TensorFlow", allow_module_level=True)

from alternating_releases import (
    SIZES,
    attempt,
    log_rows,
)
from releases import LABEL, write_log

import comrec
from comrec.errors import OutputError, UsageError
from comrec.networks import engine, presets, weights
from comrec.networks.models import build_exact
from comrec.train.alternating.finished import FinishedRound
from comrec.train.release import export
from comrec.train.release.release import release


def test_the_row_is_added_with_the_next_number(released):
    preset, place, _ = released
    assert presets.read(place / "presets.json") == (*presets.read(), preset)
    assert preset.number == max(row.number for row in presets.read()) + 1
    assert (preset.name, preset.summary, preset.licence) == (
        "tiny-pair", "for tests", "public domain",
    )  # fmt: skip
    assert (preset.channels, preset.sizes) == (1, SIZES)
    assert (preset.scales, preset.compact_quality) == ((2,), 50)
    assert preset.training == "pretrained/tiny-pair.md"


def test_the_folder_has_four_files_and_a_card_more(released, monkeypatch):
    preset, place, _ = released
    monkeypatch.setattr(weights, "folder", lambda: place)
    files = weights.verify(preset)
    assert len(files) == 4
    names = {path.name for path in place.iterdir()}
    assert names == {*files, "tiny-pair.md", "README.md", "presets.json"}
    for network, master in preset.weights.items():
        stem = f"tiny-pair.{network}.{master.sha256[:8]}"
        assert master.name == f"{stem}.weights.h5"
        assert preset.onnx[network].name == f"{stem}.onnx"


def test_the_weights_are_those_of_the_best_round(released):
    preset, place, run = released
    with np.load(run / "round-1.npz") as state:
        for network, size in SIZES.items():
            model = build_exact("jiang2017", network, **size)
            model.load_weights(place / preset.weights[network].name)
            for i, variable in enumerate(model.variables):
                np.testing.assert_array_equal(variable, state[f"{network}_{i}"])


@pytest.mark.parametrize("name", engine.MODULES)
def test_a_released_pair_runs_on_every_engine(released, monkeypatch, name):
    pytest.importorskip(engine.MODULES[name], reason=f"{name} is not installed")
    preset, place, _ = released
    monkeypatch.setattr(weights, "folder", lambda: place)
    x = np.random.default_rng(0).random((1, 21, 30, 1), np.float32)
    for network, size in SIZES.items():
        model = build_exact("jiang2017", network, **size)
        model.load_weights(place / preset.weights[network].name)
        given = engine.load(preset, network, name, exact=True)(x)
        np.testing.assert_allclose(given, np.array(model(x)), atol=1e-4)


def test_another_round_is_released_where_it_is_asked_for(finished, place, released):
    (place / "README.md").unlink()  # nor is an index needed
    preset = attempt(finished, place, number=0)
    assert preset.hash != released[0].hash
    text = (place / "tiny-pair.md").read_text()
    assert "after round 0: as asked" in text
    assert "| **0** |" in text
    assert not (place / "README.md").exists()


@pytest.mark.parametrize("name", sorted(presets.PRESETS))
def test_a_released_name_is_refused(refusal, name):
    line = refusal(label=replace(LABEL, name=name))
    assert f"{name!r} is released, with number {presets.find(name).number}" in line


@pytest.mark.parametrize(
    "name", ["", "Tiny", "a b", "a/b", "../a", "a.b", "-a", "a-", "a--b", "ä", "a" * 65]
)
def test_a_name_that_makes_no_good_file_names_is_refused(name):
    with pytest.raises(UsageError, match="the name must be") as err:
        replace(LABEL, name=name)
    assert str(err.value).endswith(f"Received: {name!r}")


@pytest.mark.parametrize("what", ["summary", "licence", "data"])
@pytest.mark.parametrize("text", ["", " ", "two\nlines"])
def test_a_text_that_is_not_one_line_is_refused(what, text):
    with pytest.raises(UsageError, match=f"the {what} must be one line"):
        replace(LABEL, **{what: text})


@pytest.mark.parametrize("text", ["", "{}x", '{"a": 1}', '[{"name": "x"}]', "[1]"])
def test_a_table_of_something_else_is_refused(refusal, place, text):
    (place / "presets.json").write_text(text)
    line = refusal()
    assert line.startswith(f"{place / 'presets.json'}: not a table of presets (")


def test_a_missing_table_is_refused(refusal, place):
    (place / "presets.json").unlink()
    assert refusal().startswith(f"{place / 'presets.json'}: cannot be read (No such")


def test_a_full_table_is_refused(refusal, place):
    last = replace(presets.find(presets.PLAIN), name="last", number=255)
    (place / "presets.json").write_text(presets.dump([last]))
    assert "numbers end at 255" in refusal()


def test_a_missing_folder_is_refused(finished, place, tmp_path):
    with pytest.raises(OutputError, match="no such folder"):
        release(
            FinishedRound.find(finished),
            LABEL,
            tmp_path / "none",
            place / "presets.json",
        )


@pytest.fixture
def no_export(monkeypatch):
    """Files of the networks that cost no time."""

    def save(model, master: Path, onnx: Path, multiple_px: int) -> None:
        master.write_bytes(model.name.encode())
        onnx.write_bytes(model.name.encode())

    monkeypatch.setattr(export, "save", save)


@pytest.mark.usefixtures("no_export")
def test_a_log_that_makes_no_card_leaves_nothing_behind(refusal, finished):
    write_log(finished, [*log_rows(finished), {"event": "epoch", "round": 2}])
    assert "metrics.jsonl: not the log of a run (KeyError: 'network')" in refusal()


@pytest.mark.usefixtures("no_export")
def test_a_file_in_the_way_is_never_written_over(refusal, place):
    (place / "tiny-pair.md").write_text("mine")
    line = refusal(OutputError)
    assert line.startswith(f"{place / 'tiny-pair.md'}: exists, and no row of ")


@pytest.mark.usefixtures("no_export")
@pytest.mark.parametrize("name", ["README.md", "presets.json"])
@pytest.mark.parametrize("step", ["write_text", "replace"])
def test_a_disk_that_fails_leaves_everything_as_before(
    refusal, monkeypatch, step, name
):
    real = getattr(Path, step)

    def full(path: Path, *args: object, **options: object) -> object:
        if path.name == f".{name}.new":
            raise OSError(28, "No space left on device", str(path))
        return real(path, *args, **options)

    monkeypatch.setattr(Path, step, full)
    line = refusal(OutputError)
    assert f"{name}.new: cannot be written (No space left on device)" in line


@pytest.mark.usefixtures("no_export")
@pytest.mark.parametrize("name", ["README.md", "presets.json"])
@pytest.mark.parametrize("done", [False, True])
def test_a_release_that_is_stopped_leaves_everything_as_before(
    listing, finished, place, monkeypatch, name, done
):
    real = Path.replace

    def stopped(path: Path, target: Path) -> Path:
        if path.name == f".{name}.new":
            if done:
                real(path, target)
            raise KeyboardInterrupt
        return real(path, target)

    before = listing()
    monkeypatch.setattr(Path, "replace", stopped)
    with pytest.raises(KeyboardInterrupt):
        attempt(finished, place)
    assert listing() == before


@pytest.mark.usefixtures("no_export")
def test_the_row_comes_last(finished, place, monkeypatch):
    changed = []
    real = Path.replace

    def watched(path: Path, target: Path) -> Path:
        changed.append((target.name, len(list(place.glob("tiny-pair.*")))))
        return real(path, target)

    monkeypatch.setattr(Path, "replace", watched)
    attempt(finished, place)
    assert changed == [("README.md", 5), ("presets.json", 5)]
    assert not list(place.glob(".*"))


def words(run: Path, place: Path, **options: str) -> list[object]:
    """Returns the script of a release, and its arguments."""
    options = {
        "name": "tiny-pair", "summary": "for tests", "licence": "public domain",
        "data-note": "noise", "out": str(place),
        "presets": str(place / "presets.json"),
    } | options  # fmt: skip
    named = [word for name, value in options.items() for word in (f"--{name}", value)]
    return ["training/release_pair", run, *named]


@pytest.mark.slow
def test_one_command_makes_a_preset_and_refuses_to_make_it_twice(
    called, finished, place
):
    first = called(*words(finished, place))
    assert first.status == 0, first
    lines = first.out.splitlines()
    number = max(row.number for row in presets.PRESETS.values()) + 1
    assert lines[0].startswith(
        f"tiny-pair: number {number}, from {finished}. Those after"
    )
    assert "round 1: the best one" in lines[0]
    assert all(Path(line).is_file() for line in lines[1:])
    assert len(lines) == 6
    second = called(*words(finished, place)).status
    assert second.startswith(f"{place / 'presets.json'}: 'tiny-pair' is released")
    assert "\n" not in second


@pytest.mark.slow
def test_what_training_leaves_can_be_released(called, train, tmp_path, place):
    run = tmp_path / "quick"
    trained = train("alternating", "--quick", "--run", run)
    assert trained.status == 0, trained
    done = called(*words(run, place))
    assert done.status == 0, done
    *_, row = presets.read(place / "presets.json")
    card = (place / "tiny-pair.md").read_text()
    number = int(re.search(r"after round (\d+)", done.out)[1])
    assert f"| **{number}** | " in card
    assert f"comrec {comrec.__version__}, keras {keras.__version__}, " in card
    assert row.sizes == SIZES
