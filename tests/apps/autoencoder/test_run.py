"""Training of the autoencoders on tiny runs: what learns, and what resumes."""

import argparse
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import scripts

pytest.importorskip("keras", reason="needs the autoencoder extra")
pytest.importorskip("constriction", reason="needs the autoencoder extra")

import autoencoders
from autoencoder_runs import config, start
from autoencoders import KINDS

from comrec.apps.autoencoder import data, measure, model, quantiser
from comrec.apps.autoencoder.codec import Codec
from comrec.apps.autoencoder.run import AutoencoderRun
from comrec.errors import UsageError
from comrec.networks import weights as weightfiles
from comrec.networks.presets import WeightFile
from comrec.train.run import checkpoint
from comrec.train.run.progress import ProgressListener
from comrec.train.run.run import OutOfTime


def weights(run: AutoencoderRun) -> list[np.ndarray]:
    return [w for network in run.models for w in network.get_weights()]


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_learns_and_its_model_codes(done, kind):
    run, _ = done[kind]
    losses = [row["loss"] for row in run.log.rows("epoch")]
    assert len(losses) == 4
    assert losses[1] < losses[0]
    coder = Codec(model.load(str(run.folder / "model.npz")))
    images = autoencoders.pictures(autoencoders.TINY[kind], 6)
    plain = measure.score_float(coder, images)
    same, coded = measure.score_bits(coder, images, (8,))
    assert same.psnr_db == plain.psnr_db
    assert coded.psnr_db == pytest.approx(plain.psnr_db, abs=0.5)
    assert coded.latent_values == plain.latent_values
    assert coded.bpp == pytest.approx(8 * coded.file_bytes / images[0, ..., 0].size)


class StopsAt(ProgressListener):
    """As a kill would, in the middle of an epoch."""

    def __init__(self, batch: int) -> None:
        self.left = batch

    def on_batch(self, phase, done, total, loss):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


@pytest.mark.slow
def test_a_run_stopped_anywhere_resumes_to_the_same_bits(done, tmp_path):
    stopped = []
    for batches in (2, 7, 8, 8):
        run = start("dense", tmp_path, resume=True, listener=StopsAt(batches))
        with pytest.raises(KeyboardInterrupt):
            run.train()
        stopped.append((run.phase, run.epoch))
    assert stopped == [(0, 0), (0, 1), (1, 0), (1, 1)]
    resumed = start("dense", tmp_path, resume=True)
    resumed.train()
    for ours, theirs in zip(weights(resumed), weights(done["dense"][0]), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    ours, theirs = (
        [(row["phase"], row["epoch"], row["loss"]) for row in run.log.rows("epoch")]
        for run in (resumed, done["dense"][0])
    )
    assert ours == theirs


def test_a_run_out_of_time_goes_on_for_as_many_epochs_as_it_is_told(tmp_path):
    with pytest.raises(OutOfTime):
        start("dense", tmp_path, quantised_epochs=0).train(0)
    run = start("dense", tmp_path, resume=True, epochs=3, quantised_epochs=0)
    run.train()
    assert [row["epoch"] for row in run.log.rows("epoch")] == [0, 1, 2]


@pytest.mark.parametrize("epochs", [1, 3])
def test_a_finished_run_is_not_said_to_have_other_epochs(done, epochs):
    run, _ = done["dense"]
    before = (run.folder / "config.json").read_bytes()
    with pytest.raises(UsageError, match="2 epochs are trained, of 2"):
        start("dense", run.folder, resume=True, epochs=epochs)
    assert (run.folder / "config.json").read_bytes() == before


def test_ranges_are_measured_and_then_learned(done, tmp_path):
    _, made = done["dense"]
    assert (made.ranges.low < made.ranges.high).all()
    plain = start("dense", tmp_path, estimator="none", epochs=1, quantised_epochs=1)
    plain.train()
    measured = quantiser.measure(plain._compute_latents())
    for ours, theirs in zip(plain._quantiser.get_ranges(), measured, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    learned = done["dense"][0]
    measured = quantiser.measure(learned._compute_latents())
    for ours, theirs in zip(made.ranges, measured, strict=True):
        assert (np.abs(ours - theirs) > 1e-4).all()


def test_pictures_of_another_size_or_kind_are_refused(tmp_path):
    for kind, shape in (
        ("dense", (9, 8, 13, 1)), ("cnn", (9, 8, 12, 3)),
        ("convolutional", (9, 15, 16, 3)), ("convolutional", (0, 16, 16, 3)),
    ):  # fmt: skip
        images = np.zeros(shape, np.uint8)
        with pytest.raises(UsageError, match="learns from"):
            AutoencoderRun(config(kind), tmp_path, images, images)


@pytest.fixture
def release(done, tmp_path, monkeypatch):
    """A copy of a finished run, where a release would be written, and the script."""
    script = scripts.load("autoencoder/release", monkeypatch)

    run = tmp_path / "run"
    shutil.copytree(done["dense"][0].folder, run)
    (tmp_path / "pretrained").mkdir()
    table = tmp_path / "models.json"
    monkeypatch.setattr(weightfiles, "folder", lambda: tmp_path / "pretrained")
    monkeypatch.setattr(model, "TABLE", table)
    pictures = autoencoders.pictures(autoencoders.TINY["dense"], 48)
    held = data.Images(pictures[:40], pictures[40:], pictures[:0])
    monkeypatch.setattr(script.data, "load", lambda *_: held)
    words = dict.fromkeys(("summary", "licence", "data_note"), "x")
    args = argparse.Namespace(run=run, data="drawn", number=200, **words)
    return lambda: script.release(args), run, table


def test_a_finished_run_is_released(release, capsys):
    make, _, table = release
    make()
    row = json.loads(table.read_text())[-1]
    assert (row["name"], row["number"]) == ("tiny-dense", 200)
    assert weightfiles.read(WeightFile(**row["file"]))
    assert (weightfiles.folder() / "tiny-dense.md").exists()


@pytest.mark.parametrize("fault", ["unfinished", "other weights", "renamed", "other"])
def test_a_run_that_is_not_what_it_says_is_not_released(release, done, fault):
    make, run, table = release
    made = done["dense"][1]
    if fault == "unfinished":
        state = checkpoint.load(run / "checkpoint.npz")
        checkpoint.save(run / "checkpoint.npz", state | {"progress": np.array([1, 1])})
        said = "1 of 2 phases"
    elif fault == "other weights":
        changed = tuple(w * 0.5 for w in made.weights)
        model.save(run / "model.npz", replace(made, weights=changed))
        said = "and the log"
    elif fault == "renamed":
        model.save(run / "model.npz", replace(made, name="another"))
        said = "model.npz is another"
    else:
        log = (run / "metrics.jsonl").read_text().replace("validation_crc32", "x")
        (run / "metrics.jsonl").write_text(log)
        said = "drawn: not the pictures"
    with pytest.raises(UsageError, match=said):
        make()
    assert not table.exists()
    assert not list(weightfiles.folder().iterdir())
