"""`comrec train` as it is typed: quick, killed, resumed, refused."""

import json
import os
import re
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("keras", reason="needs the train extra")

import own_preset
import pictures
import processes
import tiny_run
from tiny_run import ROOT, STRETCH, TINY, TINY_JOINT, crops

from comrec.apps.train import export, joint
from comrec.errors import UsageError
from comrec.image import resample
from comrec.image.metrics import psnr_db
from comrec.jpeg import coding
from comrec.networks import presets
from comrec.networks.codec import Codec
from comrec.networks.presets import Preset
from comrec.train.alternating.config import Round
from comrec.train.alternating.data import load_picture
from comrec.train.run.log import RunLog

ALTERNATING, JOINT, AUTOENCODER = "alternating", "joint", "autoencoder"
ENV = os.environ | {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_DETERMINISTIC_OPS": "1",
    "CUDA_VISIBLE_DEVICES": "",
}


def refusal(*args: object, **how: object) -> str:
    """What a run that is refused says, which is one line and no traceback."""
    result = subprocess.run(
        [*tiny_run.ALTERNATING, *map(str, args)], capture_output=True, text=True,
        timeout=300, env=ENV, **how,
    )  # fmt: skip
    assert result.returncode != 0
    lines = [x for x in result.stderr.splitlines() if not x.startswith(("I0", "WARN"))]
    assert len(lines) == 1, result.stderr
    return lines[0]


@pytest.fixture
def config(tmp_path) -> Path:
    path = tmp_path / "tiny.json"
    path.write_text(TINY.dump())
    return path


@pytest.fixture
def joint_config(tmp_path) -> Path:
    path = tmp_path / "joint.json"
    path.write_text(TINY_JOINT.dump())
    return path


@pytest.fixture
def unexported(monkeypatch) -> None:
    """Makes no presets of finished runs, which takes seconds."""

    def refuse(*_: object) -> None:
        raise UsageError("no export in this test")

    monkeypatch.setattr(export, "export", refuse)


@pytest.fixture
def small(tmp_path, unexported) -> list[object]:
    """Options: small pictures to train on, and smaller ones to validate on."""
    judged = crops(tmp_path / "judged", side_px=48)
    return ["--data", crops(tmp_path / "data"), "--validation", judged]


@pytest.mark.slow
def test_quick_trains_two_rounds_and_leaves_what_it_promises(
    train, run, tmp_path, monkeypatch
):
    pytest.importorskip("tf2onnx", reason="needs the train extra")
    folder = tmp_path / "run"
    result = train(ALTERNATING, "--quick", "--run", folder)
    assert result.status == 0, result
    assert result.err.startswith("comrec: a smoke test")
    assert f"comrec compress PICTURE -p {folder}" in result.out.decode()
    assert "round 1, reccnn, epoch 0: loss" in result.out.decode()
    assert "dB at the bytes of plain JPEG" in result.out.decode()
    preset = presets.find(folder)
    names = {p.name for p in folder.iterdir()}
    assert names == {
        "config.json", "metrics.jsonl", "checkpoint.npz", "round-0.npz", "round-1.npz",
        "epochs.tsv", "rounds.tsv", "curves.png", "samples", "preset.json",
        *(file.name for file in preset.onnx.values()),
        *(file.name for file in preset.weights.values()),
    }  # fmt: skip
    last = RunLog(folder / "metrics.jsonl").rows("validation")[-1]
    assert last["psnr_db"] > last["plain_psnr_db"] - 1, "the picture is spoiled"
    assert gain_of_reccnn(preset) > 0
    photo = tmp_path / "photo.png"
    photo.write_bytes(pictures.photo_file(".png"))
    assert run("compress", photo, "-p", folder, "--jpeg-quality", 50).status == 0
    own_preset.forget(monkeypatch)
    jpeg = tmp_path / "photo.comrec.jpg"
    assert run("verify", jpeg, "--presets", folder, "--original", photo).status == 0


def gain_of_reccnn(preset: Preset) -> float:
    """Returns how many dB RecCNN brings a picture closer to the image."""
    image = load_picture(ROOT / "examples" / "astronaut.png", 1)[:128, :128]
    codec = Codec(preset)
    jpeg = codec.encode(codec.compact(image), 50)
    coded = coding.decode(jpeg).astype(np.float32) / 255
    given = np.rint(255 * np.clip(resample.enlarge(coded, 2, image.shape[:2]), 0, 1))
    restored = codec.restore(jpeg, image.shape[:2])
    return psnr_db(image, restored) - psnr_db(image, given.astype(np.uint8))


@pytest.mark.slow
@pytest.mark.usefixtures("unexported")
def test_quick_trains_end_to_end_and_leaves_what_it_promises(
    train, joint_config, tmp_path
):
    args = [joint_config, "--quick", "--stages", 2, "--run", tmp_path / "run"]
    result = train(JOINT, *args)
    assert result.status == 0, result
    assert "stage 1, comcnn, epoch 0: loss" in result.out.decode()
    assert "dB above plain JPEG at its bytes (scale 1, 0.25" in result.out.decode()
    names = {p.name for p in (tmp_path / "run").iterdir()}
    assert names == {
        "config.json", "metrics.jsonl", "checkpoint.npz", "best.npz", "epochs.tsv",
        "validation.tsv", "curves.png",
    }  # fmt: skip


def kill_again_and_again(command: list[object], folder: Path, times: int) -> None:
    """Starts a run so many times, each time killed after an epoch or two."""
    rng = np.random.default_rng(11)
    log = folder / "metrics.jsonl"

    def rows() -> int:
        return len(log.read_bytes().splitlines()) if log.exists() else 0

    for _ in range(times):
        before = rows()
        process = processes.start(
            [*command, "--run", folder, "--resume"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=ENV,
        )  # fmt: skip
        while rows() < before + 2:
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        time.sleep(rng.uniform(0, 0.5))  # comes at any moment
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL


# As deep and wide as the paper's; all else is as little as it can be. Without
# instructions for bfloat16, an epoch in bfloat16 takes a minute.
PAPERS = {
    "width": 64, "depth": 20, "batch": 4, "epoch_patches": 4, "warmup_epochs": 0,
    "precision": "float32",
    "rounds": (Round((replace(STRETCH, epochs=1),), (replace(STRETCH, epochs=1),)),),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sizes", "times"), [({}, 2), (PAPERS, 1)], ids=["tiny", "the-papers-networks"]
)
def test_a_run_killed_again_and_again_ends_with_the_same_weights(
    train, small, tmp_path, sizes, times
):
    config = tmp_path / "config.json"
    config.write_text(replace(TINY, **sizes).dump())
    args = [config, *small]
    kill_again_and_again([*tiny_run.ALTERNATING, *args], tmp_path / "killed", times)
    for name, more in (("killed", ["--resume"]), ("whole", [])):
        done = train(ALTERNATING, *args, "--run", tmp_path / name, *more)
        assert done.status == 0, done
    assert_same_weights(tmp_path, "checkpoint.npz")
    assert_same_tables(tmp_path, "rounds.tsv")


def assert_same_weights(place: Path, name: str) -> None:
    with (
        np.load(place / "killed" / name) as ours,
        np.load(place / "whole" / name) as theirs,
    ):
        assert ours.files == theirs.files
        for key in theirs.files:
            np.testing.assert_array_equal(ours[key], theirs[key])


def assert_same_tables(place: Path, judged: str) -> None:
    """But for how long an epoch took."""
    for name, hidden in (("epochs.tsv", r"\t[\d.]+$"), (judged, "^$")):
        ours, theirs = (
            re.sub(hidden, "", (place / folder / name).read_text(), flags=re.MULTILINE)
            for folder in ("killed", "whole")
        )
        assert ours == theirs


@pytest.mark.slow
@pytest.mark.usefixtures("unexported")
def test_an_end_to_end_run_killed_again_and_again_ends_with_the_same_weights(
    train, joint_config, tmp_path
):
    judged = crops(tmp_path / "judged", 1, 256, count=1)  # it judges no smaller ones
    data = crops(tmp_path / "data")
    args = [joint_config, "--data", data, "--validation", judged]
    kill_again_and_again([*tiny_run.JOINT, *args], tmp_path / "killed", 2)
    for name, more in (("killed", ["--resume"]), ("whole", [])):
        done = train(JOINT, *args, "--run", tmp_path / name, *more)
        assert done.status == 0, done
    for name in ("checkpoint.npz", "best.npz"):
        assert_same_weights(tmp_path, name)
    assert_same_tables(tmp_path, "validation.tsv")


def test_a_dry_run_prints_the_resolved_config_and_writes_nothing(
    train, config, tmp_path
):
    args = [config, "--dry-run", "--rounds", 4, "--run", tmp_path / "run"]
    result = train(ALTERNATING, *args)
    assert result.status == 0, result
    assert len(json.loads(result.out)["rounds"]) == 4
    assert not (tmp_path / "run").exists()


def test_a_dry_run_of_stages_prints_the_first_of_them_and_writes_nothing(
    train, joint_config, tmp_path
):
    args = [joint_config, "--dry-run", "--stages", 2, "--run", tmp_path / "run"]
    result = train(JOINT, *args)
    assert result.status == 0, result
    stages = json.loads(result.out)["stages"]
    assert [stage["learns"] for stage in stages] == ["reccnn", "comcnn"]
    assert not (tmp_path / "run").exists()


@pytest.fixture
def line(train):
    """Runs a command that is refused; returns the one line that it prints."""

    def call(*args: object, status: int = 2) -> str:
        ran = train(*args)
        assert (ran.status, ran.out) == (status, b""), ran
        assert ran.err.count("\n") == 1, ran.err
        return ran.err

    return call


def test_what_cannot_be_trained_end_to_end_is_refused_in_one_line(
    train, line, config, joint_config, tmp_path
):
    data, absent = ["--data", ROOT / "examples"], tmp_path / "absent.json"
    common = ["--run", tmp_path / "run"]
    for args, complaint in (
        ([absent, *data], f"{absent}: cannot be read"),
        (["nobody", *data], "no config is called 'nobody'. Name a JSON file, or one"),
        ([config, *data], "not a training config (unknown settings channels"),
        ([joint_config, "--data", absent], f"{absent}: not a folder of pictures"),
        ([joint_config, *data], "all pictures are held back to validate on"),
        ([joint_config], "no pictures to train on. Name folders of them by --data"),
        ([joint_config, *data, "--set", "seed"], "--set must be SETTING=VALUE"),
        ([joint_config, *data, "--set", "seed=-1"], "seed must be a whole number"),
        ([joint_config, *data, "--set", "sead=1"], "unknown settings sead"),
    ):
        assert complaint in line(JOINT, *args, *common)
    for args in (["--quick", "--every", "0"], ["--quick", "--stages", "0"],
                 ["--quick", "--minutes", "nan"], ["--data", ""]):  # fmt: skip
        ran = train(JOINT, joint_config, *args)
        assert ran.status == 2
        assert "error: " in ran.err
    assert not (tmp_path / "run").exists()


def test_settings_are_replaced_one_by_one(train, joint_config):
    for args, read in (
        (["--set", "batch=3", "--set", "start=comrec-lite-2"],
         lambda c: (c["batch"], c["start"]) == (3, "comrec-lite-2")),
        (["--set", "stages.1.epochs=7"], lambda c: c["stages"][1]["epochs"] == 7),
        (["--set", "scale_shares=[0.5,0.5,0]"],
         lambda c: c["scale_shares"] == [0.5, 0.5, 0]),
    ):  # fmt: skip
        ran = train(JOINT, joint_config, "--dry-run", *args)
        assert ran.status == 0, ran
        assert read(json.loads(ran.out))


@pytest.mark.parametrize("action", [ALTERNATING, JOINT, AUTOENCODER])
def test_each_kind_of_run_has_a_config_without_a_checkout(train, action):
    ran = train(action, "--dry-run")
    assert ran.status == 0, ran
    assert json.loads(ran.out)["preset"]


@pytest.mark.parametrize(
    ("library", "extra"), [("tensorflow.python", "train"), ("jax", "jax")]
)
def test_a_library_that_is_missing_is_named_with_what_installs_it(
    line, monkeypatch, library, extra
):
    def fail(*_: object) -> None:
        raise ModuleNotFoundError("no", name=library)

    monkeypatch.setattr(joint, "train", fail)
    name = library.partition(".")[0]
    said = f"training needs {name}, which is not installed: pip install comrec[{extra}]"
    assert said in line(JOINT, "--quick")


def test_ctrl_c_says_how_the_run_goes_on(line, monkeypatch):
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(joint, "train", stop)
    assert "by --resume" in line(JOINT, "--quick", status=130)


def test_a_folder_that_is_no_run_is_not_exported(line, tmp_path):
    pytest.importorskip("tf2onnx", reason="needs the train extra")
    assert f"{tmp_path}: no training run (config.json" in line("export", tmp_path)


@pytest.mark.slow
def test_minutes_that_are_over_leave_a_run_that_goes_on(train, config, small, tmp_path):
    rounds = (Round((), (replace(STRETCH, epochs=1),)),)
    config.write_text(replace(TINY, rounds=rounds).dump())
    common = [ALTERNATING, config, *small, "--run", tmp_path / "run"]
    result = train(*common, "--minutes", "1e-9")
    assert result.status == 0, result
    assert "out of time; not one epoch was done" in result.err
    assert train(*common, "--resume").status == 0
    refused = train(*common)
    assert refused.status == 2
    assert "holds a run. Go on with it by --resume" in refused.err


def test_what_cannot_be_trained_is_refused_in_one_line(line, config, tmp_path):
    def refusal(*args: object) -> str:
        return line(ALTERNATING, *args)

    data = ["--data", crops(tmp_path / "data"), "--validation", ROOT / "examples"]
    absent = tmp_path / "absent.json"
    assert f"{absent}: cannot be read" in refusal(absent, *data)
    config.write_text(TINY.dump().replace('"seed"', '"sead"'))
    assert "unknown settings sead" in refusal(config, *data)
    config.write_text(TINY.dump())
    common = [config, "--run", tmp_path / "run"]
    assert f"{absent}: not a folder of pictures" in refusal(
        *common, "--data", absent, "--validation", ROOT / "examples"
    )
    (tmp_path / "small").mkdir()
    Image.new("L", (20, 20)).save(tmp_path / "small" / "a.png")
    assert "none of the pictures has 180x180" in refusal(
        *common, "--data", tmp_path / "small", "--validation", ROOT / "examples"
    )
    config.write_text(replace(TINY, batch=10_000, epoch_patches=10_000).dump())
    assert "fewer than 10000 patches" in refusal(*common, *data)
    (tmp_path / "file").write_text("")
    words = config, "--run", tmp_path / "file" / "run", *data
    assert "cannot be written" in line(ALTERNATING, *words, status=1)


@pytest.mark.slow
def test_a_disk_that_fills_up_stops_the_run_in_one_line(config, small, tmp_path):
    resource = pytest.importorskip("resource", reason="limits are POSIX")

    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, 8_000))

    said = refusal(config, *small, "--run", tmp_path / "run", preexec_fn=little_room)
    assert f"{tmp_path / 'run' / 'checkpoint.npz'}: cannot be written" in said
    assert said.endswith("Make room and go on with --resume")
    assert not list((tmp_path / "run").glob("*.tmp*"))


def test_what_is_typed_wrong_is_refused_before_anything_is_read(train, tmp_path):
    for args in (
        ["--quick", "--every", "0"], ["--quick", "--rounds", "0"],
        ["--quick", "--minutes", "-1"], ["--quick", "--minutes", "nan"],
    ):  # fmt: skip
        ran = train(ALTERNATING, tmp_path / "absent.json", *args)
        assert ran.status == 2
        assert "error: argument --" in ran.err


@pytest.mark.slow
def test_reccnn_alone_is_trained_and_exported_and_a_pair_is_not(
    called, train, small, tmp_path
):
    pytest.importorskip("tf2onnx", reason="needs the train extra")
    said = {}
    for reduction in ("bicubic", "comcnn"):
        config, folder = tmp_path / f"{reduction}.json", tmp_path / reduction
        rounds = (Round((), (replace(STRETCH, epochs=1),)),)
        config.write_text(replace(TINY, reduction=reduction, rounds=rounds).dump())
        trained = train(ALTERNATING, config, *small, "--run", folder)
        assert trained.status == 0, trained
        out = tmp_path / f"{reduction}.onnx"
        said[reduction] = called("paper/export_reccnn", folder, out).status
        assert out.exists() == (reduction == "bicubic")
    assert said["bicubic"] == 0
    assert "comcnn: not a run of RecCNN alone" in said["comcnn"]
