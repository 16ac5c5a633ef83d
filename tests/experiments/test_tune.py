"""A pair is trained further on prepared crops, and compared with its start."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("keras", reason="needs the train extra")
pytest.importorskip("ajpegli", reason="needs the eval extra")

from prepared_crops import PICTURES, make
from scripts import load

from comrec.train.joint.config import JointConfig, Stage
from comrec.train.prepared.recipe import Recipe
from comrec.train.run.log import RunLog

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "experiments" / "training"))

CONFIG = ROOT / "experiments" / "configs" / "comrec-base-4.json"
STAGE = Stage(learns="reccnn", epochs=2, rate_start=1e-3, rate_end=1e-4, average=0.5)
TINY = replace(
    JointConfig.load(CONFIG), stages=(STAGE,), widths=(4,), blocks=(1,),
    compact_width=4, compact_blocks=1, epoch_batches=2, batch=2, start="",
)  # fmt: skip


@pytest.mark.slow
def test_a_run_goes_on_where_it_was_stopped_and_is_compared_with_its_start(
    called, tmp_path
):
    recipe = Recipe(count=4, side_px=96, shares={"flat": 1.0})
    make(tmp_path / "crops", recipe)
    path, run = tmp_path / "config.json", tmp_path / "run"
    options = ["--codings", tmp_path / "crops", "--validation", tmp_path / "crops"]
    options += ["--run", run]
    path.write_text(TINY.dump())
    assert "out of time" in called("training/tune", path, *options, "--minutes", 0).err
    assert called("training/tune", path, *options).status == 0
    path.write_text(replace(TINY, stages=(STAGE, STAGE)).dump())
    done = called("training/tune", path, *options)
    assert done.out.count("validation, stage 1, epoch") == 2
    log = RunLog(run / "metrics.jsonl")
    epochs = [(row["phase"], row["epoch"]) for row in log.rows("epoch")]
    assert epochs == [(0, 0), (0, 1), (1, 0), (1, 1)]
    (reference,) = log.rows("reference")
    for row in (reference, *log.rows("validation")):
        assert np.isfinite(row["gain_db"])
        assert row["gain_db"] == row["flat_gain_db"]
    folder, out = tmp_path / "held", tmp_path / "rows.tsv"
    folder.mkdir()
    Image.fromarray(PICTURES[0]).save(folder / "photo.png")
    done = called(
        "training/tune_gain", folder, "--run", run, "--out", out, "--side-px", 96
    )
    assert done.status == 0, done
    head, *lines = (line.split("\t") for line in out.read_text().splitlines())
    rows = [dict(zip(head, line, strict=True)) for line in lines]
    origins = [(row["origin"], row["setting"], row["scale"]) for row in rows]
    assert len(origins) == len({*origins}) == 10
    assert {row["steps"] for row in rows} == {"8"}
    for row in rows:
        gain_db = float(row["tuned_db"]) - float(row["start_db"])
        assert float(row["gain_db"]) == pytest.approx(gain_db, abs=0.0011)


def test_pictures_to_train_on_are_refused_for_comparison(called, tmp_path):
    options = "--run", tmp_path, "--out", tmp_path / "rows.tsv", "--every", 5
    refused = called("training/tune_gain", tmp_path, *options)
    assert "--every must be a multiple of 10" in f"{refused.status} {refused.err}"


def test_smooth_blocks_are_measured_by_themselves(monkeypatch):
    gain = load("training/tune_gain", monkeypatch)
    image = np.full((32, 32, 3), 90, np.uint8)
    image[8:] = np.random.default_rng(0).integers(40, 210, (24, 32, 3))
    shown = image + np.uint8(1)
    shown[8:] += np.uint8(9)
    monkeypatch.setattr(gain.coding, "decode", lambda _: shown)

    class Perfect:
        scale = 1

        def restore(self, *_):
            return image

    whole, smooth = gain.restore_all(image, b"", Perfect())
    assert smooth == [48.131, 78.131]
    assert whole == [pytest.approx(10 * np.log10(255**2 / 75.25), abs=1e-3), 78.131]
