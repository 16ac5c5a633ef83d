"""Training of the autoencoders on tiny runs: what learns, and what resumes."""

import argparse
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scripts

keras = pytest.importorskip("keras", reason="needs the autoencoder extra")
pytest.importorskip("constriction", reason="needs the autoencoder extra")

import autoencoders

from comrec.apps.autoencoder import data, measure, model, networks, quantiser, show
from comrec.apps.autoencoder.codec import Codec
from comrec.apps.autoencoder.config import AutoencoderConfig
from comrec.apps.autoencoder.run import AutoencoderRun
from comrec.errors import UsageError
from comrec.networks import weights as weightfiles
from comrec.networks.presets import WeightFile
from comrec.train.run import checkpoint
from comrec.train.run.progress import ProgressListener
from comrec.train.run.run import OutOfTime

ROOT = Path(__file__).parents[3]
CONFIGS = sorted((ROOT / "experiments" / "configs").glob("autoencoder-*.json"))
KINDS = sorted(autoencoders.TINY)


def config(kind: str, **changes) -> AutoencoderConfig:
    whole = AutoencoderConfig(
        f"tiny-{kind}", autoencoders.TINY[kind], epochs=2, quantised_epochs=2,
        quantised_bits=3, batch=8, rate=0.01, flips=True,
    )  # fmt: skip
    return replace(whole, **changes)


def start(kind: str, folder: Path, resume=False, listener=None, **changes):
    images = autoencoders.pictures(autoencoders.TINY[kind], 48)
    return AutoencoderRun(
        config(kind, **changes), folder, images[:40], images[40:], resume=resume,
        listener=listener,
    )  # fmt: skip


def weights(run: AutoencoderRun) -> list[np.ndarray]:
    return [w for network in run.models for w in network.get_weights()]


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A finished run of each kind, and its model."""
    runs = {}
    for kind in KINDS:
        run = start(kind, tmp_path_factory.mktemp(kind))
        run.train()
        runs[kind] = run, run.finish(run.folder / "model.npz")
    return runs


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


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "batch", [pytest.param(batch, marks=SLOW) for batch in (2, 7, 18)] + [13]
)
def test_a_stopped_run_resumes_to_the_same_bits(done, tmp_path, batch):
    with pytest.raises(KeyboardInterrupt):
        start("dense", tmp_path, listener=StopsAt(batch)).train()
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


def test_a_run_gets_a_quantised_phase_and_no_other_changes():
    plain = replace(config("dense"), quantised_epochs=0)
    more = replace(plain, preset="more", quantised_epochs=1, estimator="ste", epochs=9)
    assert more.continues(plain)
    assert not plain.continues(more)
    assert not replace(plain, batch=9).continues(plain)
    assert not replace(plain, preset="other").continues(plain)


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


@pytest.mark.parametrize("estimator", ["noise", "ste"])
def test_the_quantiser_shows_what_quantisation_does(estimator):
    layer = networks.Quantiser(3, 4, estimator)
    latent = np.random.default_rng(0).normal(0, 1, (200, 3)).astype(np.float32)
    ranges = quantiser.Ranges(np.float32([-1, -2, -1.5]), np.float32([1, 1.5, 3]))
    noise = np.random.default_rng(1).random((200, 3), np.float32) - 0.5
    layer.set_ranges(ranges)
    shown = np.asarray(layer([latent, noise]))
    if estimator == "ste":
        symbols = quantiser.quantise(latent, ranges, 4)
        expected = quantiser.dequantise(symbols, ranges, 4)
        assert np.isclose(shown, expected, atol=1e-5).mean() > 0.99  # but on borders
    else:
        step = (ranges.high - ranges.low) / 16
        expected = np.clip(latent, ranges.low, ranges.high) + noise * step
        np.testing.assert_allclose(shown, expected, atol=1e-5)


@pytest.mark.parametrize("estimator", ["noise", "ste"])
def test_gradients_reach_the_latent_within_its_range_and_the_range(estimator):
    latent = keras.Input((1,))
    layer = networks.Quantiser(1, 3, estimator)
    # One value: what a step of plain descent moves is what its gradient is.
    moved = keras.layers.Dense(1, kernel_initializer="ones", use_bias=False)
    whole = keras.Model(latent, layer([moved(latent), keras.ops.zeros_like(latent)]))
    layer.set_ranges(quantiser.Ranges(np.float32([-1]), np.float32([1])))
    whole.compile(keras.optimizers.SGD(0.01), loss=lambda y, x: keras.ops.mean(x))
    inside, beyond = np.float32([[0.3]]), np.float32([[5]])
    for given, moves in ((inside, True), (beyond, False)):
        before = moved.get_weights()[0].copy(), layer.get_ranges()
        whole.train_on_batch(given, given)
        assert (moved.get_weights()[0] != before[0]).any() == moves
    assert layer.get_ranges().high < before[1].high


def test_pictures_of_another_size_or_kind_are_refused(tmp_path):
    for kind, shape in (
        ("dense", (9, 8, 13, 1)), ("cnn", (9, 8, 12, 3)),
        ("convolutional", (9, 15, 16, 3)), ("convolutional", (0, 16, 16, 3)),
    ):  # fmt: skip
        images = np.zeros(shape, np.uint8)
        with pytest.raises(UsageError, match="learns from"):
            AutoencoderRun(config(kind), tmp_path, images, images)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda p: p.stem)
def test_configs_are_read_and_written_back(path, tmp_path):
    config = AutoencoderConfig.load(path)
    (tmp_path / "c.json").write_text(config.dump())
    assert AutoencoderConfig.load(tmp_path / "c.json") == config
    assert config.sized(16).architecture.latent == 16


@pytest.mark.parametrize(
    "change",
    [
        {"loss": "l3"}, {"epochs": 0}, {"estimator": "x"}, {"quantised_bits": 9},
        {"rate": 2}, {"flips": 1}, {"start": "x"}, {"unknown": 1}, {"architecture": 3},
        {"architecture": {"kind": "dense"}}, {"precision": "float8"},
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_is_refused(change, tmp_path):
    record = json.loads(CONFIGS[0].read_text())
    (tmp_path / "c.json").write_text(json.dumps(record | change))
    with pytest.raises(UsageError, match=r"c\.json: not a training config"):
        AutoencoderConfig.load(tmp_path / "c.json")


def test_a_latent_that_cannot_be_is_refused():
    with pytest.raises(UsageError, match="latent must be 1 to 4096"):
        AutoencoderConfig.load(CONFIGS[0]).sized(0)


def test_the_learning_rate_falls_along_a_cosine():
    (phase,) = replace(config("dense"), quantised_epochs=0).phases()
    assert [phase.rate(p) for p in (0, 0.5)] == pytest.approx([0.01, 0.005])
    assert 0 < phase.rate(1) < 1e-4


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
        said = "the log has"
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


def test_rows_and_plot_are_drawn_from_the_log(done):
    run, _ = done["dense"]
    show.draw(run.folder)
    lines = (run.folder / "epochs.tsv").read_text().splitlines()
    assert len(lines) == 5
    assert (run.folder / "curves.png").stat().st_size > 1000


def test_the_jpeg_of_a_size_is_the_nearest_of_all_qualities():
    images = data.draw_strokes(4, 3, (16, 16)).train
    every = list(measure.score_jpegs(images, range(1, 101)))
    assert {row.codec for row in every} == {"jpeg", "jpeg-444"}
    for size in (every[60].file_bytes + 0.3, 1, 10**6):
        found = list(measure.score_jpegs(images, (), [size]))
        assert len(found) == 2
        for row in found:
            best = measure.find_nearest(every, row.codec, size)
            assert row.file_bytes == best.file_bytes


def test_jpeg_is_given_the_better_way_to_store_colour():
    near = measure.score_png(data.draw_strokes(4, 3, (16, 16)).test)._replace(
        file_bytes=99.0
    )
    rows = [
        near._replace(codec="jpeg", psnr_db=30.0),
        near._replace(codec="jpeg", psnr_db=50.0, file_bytes=500.0),
        near._replace(codec="jpeg-444", psnr_db=31.0),
    ]
    assert measure.find_nearest_jpeg(rows, 100) == rows[2]
    assert measure.find_nearest_jpeg(rows, 480) == rows[1]
    assert measure.find_nearest_jpeg(rows[:1], 480) == rows[0]


def test_pca_of_all_values_loses_nothing_but_rounding():
    images = autoencoders.pictures(autoencoders.TINY["dense"], 200)
    few, every = measure.score_pca(images, images, (5, 96))
    assert every.psnr_db > 60
    assert few.psnr_db < 40
