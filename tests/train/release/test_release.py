"""A run becomes a preset: all of its files and its row, or nothing."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="needs the train extra")
onnx = pytest.importorskip("onnx", reason="needs the train extra")
pytest.importorskip("tf2onnx", reason="needs the train extra")
if keras.backend.backend() != "tensorflow":
    pytest.skip("the export needs TensorFlow", allow_module_level=True)

from releases import LABEL, START, write_log, write_place

import comrec
from comrec.errors import OutputError, UsageError, WeightsError
from comrec.networks import engine, presets, weights
from comrec.networks.models import build_exact
from comrec.train.alternating.config import TrainConfig
from comrec.train.alternating.finished import FinishedRound
from comrec.train.release import export
from comrec.train.release.release import Label, release

ROOT = Path(__file__).parents[3]
SIZES = {
    "comcnn": {"channels": 1, "width": 4},
    "reccnn": {"channels": 1, "width": 4, "depth": 3},
}
SCORES_DB = {0: 29.0, 1: 29.75, 2: 29.5}


def write_run(folder: Path) -> Path:
    """A run of three rounds with tiny networks, as training leaves it."""
    folder.mkdir()
    (folder / "config.json").write_text(TrainConfig(width=4, depth=3).dump())
    rows = [START, START | {"source": "def456"}, START]
    rows.append(epoch_row(-1, "comcnn"))
    for number, psnr_db in SCORES_DB.items():
        rows += [epoch_row(number, "comcnn"), *[epoch_row(number, "reccnn")] * 2]
        rows.append(
            {
                "event": "validation", "round": number, "psnr_db": psnr_db,
                "plain_psnr_db": 28.125, "fixed_psnr_db": psnr_db + 1,
                "fixed_bytes_ratio": 1.0625,
            }
        )  # fmt: skip
        write_weights(folder, number)
    write_log(folder, rows)
    return folder


def epoch_row(number: int, network: str) -> dict[str, object]:
    return {
        "event": "epoch", "round": number, "network": network, "epoch": 0,
        "steps": 1, "loss": 0.5, "rate": 1e-3, "duration_s": 30.0,
    }  # fmt: skip


def write_weights(folder: Path, number: int, sizes=SIZES) -> None:
    keras.utils.set_random_seed(number)
    np.savez(
        folder / f"round-{number}.npz",
        **{
            f"{network}_{i}": np.asarray(variable)
            for network, size in sizes.items()
            for i, variable in enumerate(
                build_exact("jiang2017", network, **size).variables
            )
        },
    )


def log_rows(folder: Path) -> list[dict]:
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def attempt(run: Path, place: Path, label: Label = LABEL, number: int | None = None):
    return release(
        FinishedRound.find(run, number), label, place, place / "presets.json"
    )


@pytest.fixture(scope="module")
def released(tmp_path_factory) -> tuple[presets.Preset, Path, Path]:
    """The row, the folder it was released into, the run."""
    base = tmp_path_factory.mktemp("released")
    run, place = write_run(base / "run"), write_place(base / "place")
    return attempt(run, place), place, run


@pytest.fixture(scope="module")
def first_run(tmp_path_factory) -> Path:
    return write_run(tmp_path_factory.mktemp("first") / "run")


@pytest.fixture
def run(first_run, tmp_path) -> Path:
    return Path(shutil.copytree(first_run, tmp_path / "run"))


@pytest.fixture
def place(tmp_path) -> Path:
    return write_place(tmp_path / "place")


@pytest.fixture
def refusal(listing, run, place):
    """A release that must fail in one line and change nothing; the line."""

    def call(error=UsageError, label: Label = LABEL, number: int | None = None) -> str:
        before = listing()
        with pytest.raises(error) as err:
            attempt(run, place, label, number)
        assert listing() == before
        assert "\n" not in str(err.value)
        return str(err.value)

    return call


# What a release makes


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
        np.testing.assert_allclose(given, model.predict_on_batch(x), atol=1e-4)


def test_the_card_is_made_from_the_run(released):
    preset, place, run = released
    text = (place / "tiny-pair.md").read_text()
    assert text.startswith("# Model card: tiny-pair\n\nfor tests\n")
    assert "**Terms.** public domain\n" in text
    assert "**Trained on.** noise, made by numpy\n" in text
    assert "after round 1: the best one" in text
    assert (run / "config.json").read_text() in text.replace("```", "\n")
    assert "| warm-up | 1 | 0 | 0.5 |  |  |  |  |\n" in text
    assert "| 0 | 1 | 2 | 1.5 | 29.00 | 28.12 | 30.00 | 1.062 |\n" in text
    assert "| **1** | 1 | 2 | 1.5 | 29.75 | 28.12 | 30.75 | 1.062 |\n" in text
    assert text.count("- comrec 0.1.0, keras 3.15.1, source abc123\n") == 1
    assert text.count("- comrec 0.1.0, keras 3.15.1, source def456\n") == 1
    for file in (*preset.weights.values(), *preset.onnx.values()):
        assert f"| `{file.name}` | `{file.sha256}` |\n" in text


def test_the_index_gets_a_line_below_its_table(released):
    _, place, _ = released
    before = (ROOT / "pretrained" / "README.md").read_text().splitlines()
    last = max(i for i, line in enumerate(before) if line.startswith("|"))
    line = "| `tiny-pair` | [tiny-pair.md](tiny-pair.md) | public domain |"
    expected = [*before[: last + 1], line, *before[last + 1 :]]
    assert (place / "README.md").read_text().splitlines() == expected


def test_another_round_is_released_where_it_is_asked_for(run, place, released):
    (place / "README.md").unlink()  # nor is an index needed
    preset = attempt(run, place, number=0)
    assert preset.hash != released[0].hash
    text = (place / "tiny-pair.md").read_text()
    assert "after round 0: as asked" in text
    assert "| **0** |" in text
    assert not (place / "README.md").exists()


# What it refuses


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


def test_a_run_without_a_finished_round_is_refused(refusal, run):
    for path in run.glob("round-*.npz"):
        path.unlink()
    assert refusal().startswith(f"{run}: no finished round in it")


def test_a_round_without_its_score_is_not_finished(refusal, run):
    write_log(run, [row for row in log_rows(run) if row["event"] != "validation"])
    assert refusal().startswith(f"{run}: no finished round in it")


def test_a_round_that_is_not_finished_is_refused_with_those_that_are(refusal, run):
    (run / "round-2.npz").unlink()
    assert "one, 0, 1. Received: 2" in refusal(number=2)
    assert "one, 0, 1. Received: -1" in refusal(number=-1)


def test_not_a_number_is_never_the_best(run):
    rows = log_rows(run)
    for row in rows:
        if row.get("round") == 0 and row["event"] == "validation":
            row["psnr_db"] = float("nan")
    write_log(run, rows)
    assert FinishedRound.find(run).number == 1


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        FinishedRound.find(tmp_path)


def test_weights_of_other_networks_are_refused(refusal, run):
    write_weights(run, 1, SIZES | {"reccnn": SIZES["reccnn"] | {"width": 8}})
    assert refusal().startswith(f"{run / 'round-1.npz'}: not of the config beside it")


def test_damaged_weights_are_refused(refusal, run):
    path = run / "round-1.npz"
    path.write_bytes(path.read_bytes()[:1000])
    assert refusal().startswith(f"{path}: ")


def test_a_log_of_something_else_is_refused(refusal, run):
    write_log(run, [{"event": "validation", "round": 0}])
    assert refusal().startswith(f"{run / 'metrics.jsonl'}: a validation row must have")


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


def test_a_missing_folder_is_refused(run, place, tmp_path):
    with pytest.raises(OutputError, match="no such folder"):
        release(
            FinishedRound.find(run), LABEL, tmp_path / "none", place / "presets.json"
        )


# All or nothing


@pytest.fixture
def no_export(monkeypatch):
    """Files of the networks that cost no time."""

    def save(model, master: Path, onnx: Path, multiple_px: int) -> None:
        master.write_bytes(model.name.encode())
        onnx.write_bytes(model.name.encode())

    monkeypatch.setattr(export, "save", save)


@pytest.mark.usefixtures("no_export")
def test_a_log_that_makes_no_card_leaves_nothing_behind(refusal, run):
    write_log(run, [*log_rows(run), {"event": "epoch", "round": 2}])
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
    listing, run, place, monkeypatch, name, done
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
        attempt(run, place)
    assert listing() == before


@pytest.mark.usefixtures("no_export")
def test_the_row_comes_last(run, place, monkeypatch):
    changed = []
    real = Path.replace

    def watched(path: Path, target: Path) -> Path:
        changed.append((target.name, len(list(place.glob("tiny-pair.*")))))
        return real(path, target)

    monkeypatch.setattr(Path, "replace", watched)
    attempt(run, place)
    assert changed == [("README.md", 5), ("presets.json", 5)]
    assert not list(place.glob(".*"))


# The export


def test_an_export_that_computes_something_else_is_refused(released):
    preset, place, _ = released
    path = place / preset.onnx["comcnn"].name
    other = build_exact("jiang2017", "comcnn", **SIZES["comcnn"])
    with pytest.raises(WeightsError, match=r"comcnn at 64x48: .* by \d[\d.]*, shape"):
        export.check(other, path)
    other.load_weights(place / preset.weights["comcnn"].name)
    export.check(other, path)


@pytest.mark.parametrize("value", [1.1e-4, -1.1e-4, np.nan, np.inf])
def test_any_pixel_that_differs_is_found_and_measured(value):
    ours = np.zeros((1, 4, 5, 1), np.float32)
    theirs = ours.copy()
    theirs[0, 3, 4, 0] = value
    with pytest.raises(WeightsError) as err:
        export._compare("a.onnx: comcnn at 5x4", ours, theirs)
    assert f"by {abs(value):.2g}, shape (1, 4, 5, 1); at most 0.0001" in str(err.value)


def test_another_shape_is_found_though_the_pixels_agree():
    ours = np.zeros((1, 4, 5, 1), np.float32)
    with pytest.raises(
        WeightsError, match=r"shape \(1, 1, 4, 5, 1\) where Keras gives"
    ):
        export._compare("a.onnx: comcnn at 5x4", ours, ours[np.newaxis])


def reshaped(path: Path, target: list[int], axes: list[object]) -> Path:
    """A network that does nothing but reshape (B, 1, H, W) as `target` says."""
    helper = onnx.helper
    shape = onnx.numpy_helper.from_array(np.array(target, np.int64), "target")
    graph = helper.make_graph(
        [helper.make_node("Reshape", ["x", "target"], ["y"])],
        "reshaped",
        [
            helper.make_tensor_value_info(
                "x", onnx.TensorProto.FLOAT, ["B", 1, "h", "w"]
            )
        ],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, axes)],
        [shape],
    )
    opset = [helper.make_opsetid("", 15)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    onnx.save(model, path)
    return path


def output_of(path: Path, x: np.ndarray) -> np.ndarray:
    import onnxruntime

    providers = ["CPUExecutionProvider"]
    session = onnxruntime.InferenceSession(path, providers=providers)
    assert len(session.get_outputs()[0].shape) == 4
    return session.run(["y"], {"x": x})[0]


def test_an_axis_too_many_at_the_output_is_taken_away(tmp_path):
    x = np.arange(60, dtype=np.float32).reshape(3, 1, 4, 5)
    axes = [1, "B", "H", "W", 1]
    path = reshaped(tmp_path / "a.onnx", [1, -1, 4, 5, 1], axes)
    export.restore_squeeze(path, rank=4)
    np.testing.assert_array_equal(output_of(path, x), x.reshape(3, 4, 5, 1))
    once = path.read_bytes()
    export.restore_squeeze(path, rank=4)
    assert path.read_bytes() == once


@pytest.mark.parametrize("axes", [["B", "H", "W", 1], ["A", "B", "H", "W", 1]])
def test_no_other_output_is_touched(tmp_path, axes):
    path = reshaped(tmp_path / "a.onnx", [1, -1, 4, 5, 1], axes)
    before = path.read_bytes()
    export.restore_squeeze(path, rank=4)
    assert path.read_bytes() == before


def test_where_nothing_is_told_blocks_of_channels_need_no_help(released, tmp_path):
    for file in released[0].onnx.values():
        path = tmp_path / "again.onnx"
        path.write_bytes((released[1] / file.name).read_bytes())
        before = path.read_bytes()
        export.keep_blocks(path)
        assert path.read_bytes() == before


def skipped_at_the_output(node: object) -> int:
    """Puts the transpose at the output right behind the one at the input."""
    if node.type != "Transpose":
        return 2
    return {"Placeholder": 0, "Conv": 1}.get(node.inputs[0].type, 2)


def test_an_export_does_not_depend_on_the_order_of_nodes(tmp_path, monkeypatch):
    from tf2onnx.optimizer.transpose_optimizer import TransposeOptimizer

    replaces = TransposeOptimizer.post_optimize_action
    restores = export.restore_squeeze
    ranks = []

    def in_bad_order(optimizer: TransposeOptimizer) -> None:
        optimizer._g.get_nodes().sort(key=skipped_at_the_output)
        replaces(optimizer)

    def watched(path: Path, rank: int) -> None:
        output = onnx.load(path).graph.output[0]
        ranks.append(len(output.type.tensor_type.shape.dim))
        restores(path, rank)

    monkeypatch.setattr(TransposeOptimizer, "post_optimize_action", in_bad_order)
    monkeypatch.setattr(export, "restore_squeeze", watched)
    files = (tmp_path / "a.weights.h5", tmp_path / "a.onnx")
    export.save(build_exact("jiang2017", "comcnn", **SIZES["comcnn"]), *files)
    assert ranks == [5], "this tf2onnx loses no Squeeze: restore_squeeze can go"
    graph = onnx.load(tmp_path / "a.onnx").graph
    assert [node.op_type for node in graph.node][-2:] == ["Reshape", "Squeeze"]


# The command


def script(run: Path, place: Path, **options: str) -> subprocess.CompletedProcess:
    options = {
        "name": "tiny-pair", "summary": "for tests", "licence": "public domain",
        "data-note": "noise", "out": str(place),
        "presets": str(place / "presets.json"),
    } | options  # fmt: skip
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    return command("release_pair.py", run, *words)


def command(name: str, *words: object) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, ROOT / "experiments" / "training" / name, *words],
        capture_output=True, text=True, check=False,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
    )  # fmt: skip


@pytest.mark.slow
def test_one_command_makes_a_preset_and_refuses_to_make_it_twice(run, place):
    first = script(run, place)
    assert first.returncode == 0, first.stderr
    lines = first.stdout.splitlines()
    number = max(row.number for row in presets.PRESETS.values()) + 1
    assert lines[0].startswith(f"tiny-pair: number {number}, from {run}. Those after")
    assert "round 1: the best one" in lines[0]
    assert all(Path(line).is_file() for line in lines[1:])
    assert len(lines) == 6
    second = script(run, place)
    assert second.returncode == 1
    last = second.stderr.splitlines()[-1]
    assert last.startswith(f"{place / 'presets.json'}: 'tiny-pair' is released")
    assert "Traceback" not in second.stderr


@pytest.mark.slow
def test_what_training_leaves_can_be_released(tmp_path, place):
    trained = command("train_alternating.py", "--quick", "--run", tmp_path / "quick")
    assert trained.returncode == 0, trained.stderr
    done = script(tmp_path / "quick", place)
    assert done.returncode == 0, done.stderr
    *_, row = presets.read(place / "presets.json")
    card = (place / "tiny-pair.md").read_text()
    number = int(re.search(r"after round (\d+)", done.stdout)[1])
    assert f"| **{number}** | " in card
    assert f"comrec {comrec.__version__}, keras {keras.__version__}, " in card
    assert row.sizes == SIZES
