"""The training scripts as they are typed: quick, killed, resumed, refused."""

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

import processes
from tiny_run import JOINT_SCRIPT, ROOT, SCRIPT, STRETCH, TINY, TINY_JOINT, crops

from comrec.train.alternating.config import Round

ALTERNATING, JOINT = "training/train_alternating", "training/train_joint"
ENV = os.environ | {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_DETERMINISTIC_OPS": "1",
    "CUDA_VISIBLE_DEVICES": "",
}


def refusal(*args: object, **how: object) -> str:
    """What a run that is refused says, which is one line and no traceback."""
    result = subprocess.run(
        [*SCRIPT, *map(str, args)], capture_output=True, text=True, timeout=300,
        env=ENV, **how,
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
def small(tmp_path) -> list[object]:
    """Options: small pictures to train on, and smaller ones to validate on."""
    judged = crops(tmp_path / "judged", side_px=48)
    return ["--data", crops(tmp_path / "data"), "--validation", judged]


@pytest.mark.slow
def test_quick_trains_two_rounds_and_leaves_what_it_promises(called, tmp_path):
    result = called(ALTERNATING, "--quick", "--run", tmp_path / "run")
    assert result.status == 0, result
    assert "round 1, reccnn, epoch 0: loss" in result.out
    assert "dB at the bytes of plain JPEG" in result.out
    names = {p.name for p in (tmp_path / "run").iterdir()}
    assert names == {
        "config.json", "metrics.jsonl", "checkpoint.npz", "round-0.npz", "round-1.npz",
        "epochs.tsv", "rounds.tsv", "curves.png", "samples",
    }  # fmt: skip


@pytest.mark.slow
def test_quick_trains_end_to_end_and_leaves_what_it_promises(
    called, joint_config, tmp_path
):
    args = [joint_config, "--quick", "--stages", 2, "--run", tmp_path / "run"]
    result = called(JOINT, *args)
    assert result.status == 0, result
    assert "stage 1, comcnn, epoch 0: loss" in result.out
    assert "dB above plain JPEG at its bytes (scale 1, 0.25" in result.out
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
    called, small, tmp_path, sizes, times
):
    config = tmp_path / "config.json"
    config.write_text(replace(TINY, **sizes).dump())
    args = [config, *small]
    kill_again_and_again([*SCRIPT, *args], tmp_path / "killed", times)
    for name, more in (("killed", ["--resume"]), ("whole", [])):
        done = called(ALTERNATING, *args, "--run", tmp_path / name, *more)
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
def test_an_end_to_end_run_killed_again_and_again_ends_with_the_same_weights(
    called, joint_config, tmp_path
):
    judged = crops(tmp_path / "judged", 1, 256, count=1)  # it judges no smaller ones
    data = crops(tmp_path / "data")
    args = [joint_config, "--data", data, "--validation", judged]
    kill_again_and_again([*JOINT_SCRIPT, *args], tmp_path / "killed", 2)
    for name, more in (("killed", ["--resume"]), ("whole", [])):
        done = called(JOINT, *args, "--run", tmp_path / name, *more)
        assert done.status == 0, done
    for name in ("checkpoint.npz", "best.npz"):
        assert_same_weights(tmp_path, name)
    assert_same_tables(tmp_path, "validation.tsv")


def test_a_dry_run_prints_the_resolved_config_and_writes_nothing(
    called, config, tmp_path
):
    args = [config, "--dry-run", "--rounds", 4, "--run", tmp_path / "run"]
    result = called(ALTERNATING, *args)
    assert result.status == 0, result
    assert len(json.loads(result.out)["rounds"]) == 4
    assert not (tmp_path / "run").exists()


def test_a_dry_run_of_stages_prints_the_first_of_them_and_writes_nothing(
    called, joint_config, tmp_path
):
    args = [joint_config, "--dry-run", "--stages", 2, "--run", tmp_path / "run"]
    result = called(JOINT, *args)
    assert result.status == 0, result
    stages = json.loads(result.out)["stages"]
    assert [stage["learns"] for stage in stages] == ["reccnn", "comcnn"]
    assert not (tmp_path / "run").exists()


def test_what_cannot_be_trained_end_to_end_is_refused_in_one_line(
    typed, config, joint_config, tmp_path
):
    data, absent = ["--data", ROOT / "examples"], tmp_path / "absent"
    common = ["--run", tmp_path / "run"]
    for args, complaint in (
        ([absent, *data], f"{absent}: cannot be read"),
        ([config, *data], "not a training config (unknown settings channels"),
        ([joint_config, "--data", absent], f"{absent}: not a folder of pictures"),
        ([joint_config, *data], "all pictures are held back to validate on"),
    ):
        refusal, said = typed("training/train_joint", *args, *common)
        assert complaint in refusal
        assert "\n" not in refusal
        assert said == ""
    for args in ([], ["--quick", "--every", "0"], ["--quick", "--stages", "0"],
                 ["--quick", "--minutes", "nan"], ["--data", ""]):  # fmt: skip
        status, said = typed("training/train_joint", joint_config, *args)
        assert status == 2
        assert "error: " in said
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_minutes_that_are_over_leave_a_run_that_goes_on(
    called, config, small, tmp_path
):
    rounds = (Round((), (replace(STRETCH, epochs=1),)),)
    config.write_text(replace(TINY, rounds=rounds).dump())
    common = [ALTERNATING, config, *small, "--run", tmp_path / "run"]
    result = called(*common, "--minutes", 0)
    assert result.status == 0, result
    assert "out of time; not one epoch was done" in result.err
    assert called(*common, "--resume").status == 0
    refused = called(*common).status
    assert "holds a run. Go on with it by --resume" in refused
    assert "\n" not in refused


def test_what_cannot_be_trained_is_refused_in_one_line(typed, config, tmp_path):
    def refusal(*args: object) -> str:
        line, said = typed(ALTERNATING, *args)
        assert "\n" not in line
        assert said == ""
        return line

    data = ["--data", ROOT / "examples", "--validation", ROOT / "examples"]
    absent = tmp_path / "absent"
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
    assert "none of its pictures has 180x180" in refusal(
        *common, "--data", tmp_path / "small", "--validation", ROOT / "examples"
    )
    config.write_text(replace(TINY, batch=10_000, epoch_patches=10_000).dump())
    assert "fewer than 10000 patches" in refusal(*common, *data)
    (tmp_path / "file").write_text("")
    assert "cannot be written" in refusal(
        config, "--run", tmp_path / "file" / "run", *data
    )


@pytest.mark.slow
def test_a_disk_that_fills_up_stops_the_run_in_one_line(config, small, tmp_path):
    resource = pytest.importorskip("resource", reason="limits are POSIX")

    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, 8_000))

    said = refusal(config, *small, "--run", tmp_path / "run", preexec_fn=little_room)
    assert f"{tmp_path / 'run' / 'checkpoint.npz'}: cannot be written" in said
    assert said.endswith("Make room and go on with --resume")
    assert not list((tmp_path / "run").glob("*.tmp*"))


def test_what_is_typed_wrong_is_refused_before_anything_is_read(typed, tmp_path):
    for args in (
        ["--every", "1"], ["--quick", "--every", "0"], ["--quick", "--rounds", "0"],
        ["--quick", "--minutes", "-1"], ["--quick", "--minutes", "nan"],
    ):  # fmt: skip
        status, said = typed(
            "training/train_alternating", tmp_path / "absent.json", *args
        )
        assert status == 2
        assert "error: --" in said


@pytest.mark.slow
def test_reccnn_alone_is_trained_and_exported_and_a_pair_is_not(
    called, small, tmp_path
):
    pytest.importorskip("tf2onnx", reason="needs the train extra")
    said = {}
    for reduction in ("bicubic", "comcnn"):
        config, folder = tmp_path / f"{reduction}.json", tmp_path / reduction
        rounds = (Round((), (replace(STRETCH, epochs=1),)),)
        config.write_text(replace(TINY, reduction=reduction, rounds=rounds).dump())
        trained = called(ALTERNATING, config, *small, "--run", folder)
        assert trained.status == 0, trained
        out = tmp_path / f"{reduction}.onnx"
        said[reduction] = called("paper/export_reccnn", folder, out).status
        assert out.exists() == (reduction == "bicubic")
    assert said["bicubic"] == 0
    assert "comcnn: not a run of RecCNN alone" in said["comcnn"]
