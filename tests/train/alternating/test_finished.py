"""A finished round is found, and an unfinished or damaged one is refused."""

import pytest

keras = pytest.importorskip("keras", reason="needs the train extra")
onnx = pytest.importorskip("onnx", reason="needs the train extra")
pytest.importorskip("tf2onnx", reason="needs the train extra")
if keras.backend.backend() != "tensorflow":
    pytest.skip("the export needs TensorFlow", allow_module_level=True)

from alternating_releases import SIZES, log_rows, write_weights
from releases import write_log

from comrec.errors import UsageError
from comrec.train.alternating.finished import FinishedRound


def test_a_run_without_a_finished_round_is_refused(refusal, finished):
    for path in finished.glob("round-*.npz"):
        path.unlink()
    assert refusal().startswith(f"{finished}: no finished round in it")


def test_a_round_without_its_score_is_not_finished(refusal, finished):
    write_log(
        finished, [row for row in log_rows(finished) if row["event"] != "validation"]
    )
    assert refusal().startswith(f"{finished}: no finished round in it")


def test_a_round_that_is_not_finished_is_refused_with_those_that_are(refusal, finished):
    (finished / "round-2.npz").unlink()
    assert "one, 0, 1. Received: 2" in refusal(number=2)
    assert "one, 0, 1. Received: -1" in refusal(number=-1)


def test_not_a_number_is_never_the_best(finished):
    rows = log_rows(finished)
    for row in rows:
        if row.get("round") == 0 and row["event"] == "validation":
            row["psnr_db"] = float("nan")
    write_log(finished, rows)
    assert FinishedRound.find(finished).number == 1


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        FinishedRound.find(tmp_path)


def test_weights_of_other_networks_are_refused(refusal, finished):
    write_weights(finished, 1, SIZES | {"reccnn": SIZES["reccnn"] | {"width": 8}})
    assert refusal().startswith(
        f"{finished / 'round-1.npz'}: not of the config beside it"
    )


def test_damaged_weights_are_refused(refusal, finished):
    path = finished / "round-1.npz"
    path.write_bytes(path.read_bytes()[:1000])
    assert refusal().startswith(f"{path}: ")


def test_a_log_of_something_else_is_refused(refusal, finished):
    write_log(finished, [{"event": "validation", "round": 0}])
    assert refusal().startswith(
        f"{finished / 'metrics.jsonl'}: a validation row must have"
    )
