"""Training of the autoencoders on tiny runs: what learns, and what resumes."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="needs the autoencoder extra")
pytest.importorskip("constriction", reason="needs the autoencoder extra")

import autoencoders

from comrec.autoencoder import measure, model, networks, quantiser, show
from comrec.autoencoder.codec import Codec
from comrec.autoencoder.config import AutoencoderConfig
from comrec.autoencoder.run import AutoencoderRun
from comrec.errors import UsageError
from comrec.train.progress import Watch
from comrec.train.run import OutOfTime

ROOT = Path(__file__).parents[1]
CONFIGS = sorted((ROOT / "experiments" / "configs").glob("autoencoder-*.json"))
KINDS = sorted(autoencoders.TINY)


def config(kind: str, **changes) -> AutoencoderConfig:
    whole = AutoencoderConfig(
        f"tiny-{kind}", autoencoders.TINY[kind], epochs=2, quantised_epochs=2,
        quantised_bits=3, batch=8, rate=0.01, flips=True,
    )  # fmt: skip
    return replace(whole, **changes)


def start(kind: str, folder: Path, resume=False, watch=None, **changes):
    images = autoencoders.pictures(autoencoders.TINY[kind], 48)
    return AutoencoderRun(
        config(kind, **changes), folder, images[:40], images[40:], resume=resume,
        watch=watch,
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
    plain = measure.as_it_is(coder, images)
    same, coded = measure.by_bits(coder, images, (8,))
    assert same.psnr_db == plain.psnr_db
    assert coded.psnr_db == pytest.approx(plain.psnr_db, abs=0.5)
    assert coded.latent_values == plain.latent_values
    assert coded.bpp == pytest.approx(8 * coded.file_bytes / images[0, ..., 0].size)


class StopsAt(Watch):
    """As a kill would, in the middle of an epoch."""

    def __init__(self, batch: int) -> None:
        self.left = batch

    def batch(self, words, done, total, loss):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "batch", [2, pytest.param(7, marks=SLOW), 13, pytest.param(18, marks=SLOW)]
)
def test_a_stopped_run_resumes_to_the_same_bits(done, tmp_path, batch):
    with pytest.raises(KeyboardInterrupt):
        start("cnn", tmp_path, watch=StopsAt(batch)).train()
    resumed = start("cnn", tmp_path, resume=True)
    resumed.train()
    for ours, theirs in zip(weights(resumed), weights(done["cnn"][0]), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    ours, theirs = (
        [(row["phase"], row["epoch"], row["loss"]) for row in run.log.rows("epoch")]
        for run in (resumed, done["cnn"][0])
    )
    assert ours == theirs


def test_a_run_out_of_time_says_so_and_goes_on(tmp_path):
    with pytest.raises(OutOfTime):
        start("dense", tmp_path).train(0)
    start("dense", tmp_path, resume=True).train()


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


def test_a_run_on_its_way_gets_as_many_epochs_as_it_is_told(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        start("dense", tmp_path, watch=StopsAt(7), quantised_epochs=0).train()
    run = start("dense", tmp_path, resume=True, epochs=3, quantised_epochs=0)
    run.train()
    assert [row["epoch"] for row in run.log.rows("epoch")] == [0, 1, 2]


def test_ranges_are_measured_and_then_learned(done, tmp_path):
    _, made = done["dense"]
    assert (made.ranges.low < made.ranges.high).all()
    plain = start("dense", tmp_path, estimator="none")
    plain.train()
    measured = quantiser.measure(plain._latents())
    for ours, theirs in zip(plain._quantiser.ranges(), measured, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    learned = done["dense"][0]
    measured = quantiser.measure(learned._latents())
    for ours, theirs in zip(made.ranges, measured, strict=True):
        assert (np.abs(ours - theirs) > 1e-4).all()


@pytest.mark.parametrize("estimator", ["noise", "ste"])
def test_the_quantiser_shows_what_quantisation_does(estimator):
    layer = networks.Quantiser(3, 4, estimator)
    latent = np.random.default_rng(0).normal(0, 1, (200, 3)).astype(np.float32)
    ranges = quantiser.Ranges(np.float32([-1, -2, -1.5]), np.float32([1, 1.5, 3]))
    noise = np.random.default_rng(1).random((200, 3), np.float32) - 0.5
    layer.begin(ranges)
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
    layer.begin(quantiser.Ranges(np.float32([-1]), np.float32([1])))
    whole.compile(keras.optimizers.SGD(0.01), loss=lambda y, x: keras.ops.mean(x))
    inside, beyond = np.float32([[0.3]]), np.float32([[5]])
    for given, moves in ((inside, True), (beyond, False)):
        before = moved.get_weights()[0].copy(), layer.ranges()
        whole.train_on_batch(given, given)
        assert (moved.get_weights()[0] != before[0]).any() == moves
    assert layer.ranges().high < before[1].high


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


def test_rows_and_plot_are_drawn_from_the_log(done):
    run, _ = done["dense"]
    show.draw(run.folder)
    lines = (run.folder / "epochs.tsv").read_text().splitlines()
    assert len(lines) == 5
    assert (run.folder / "curves.png").stat().st_size > 1000


def test_pca_of_all_values_loses_nothing_but_rounding():
    images = autoencoders.pictures(autoencoders.TINY["dense"], 200)
    few, every = measure.pca(images, images, (5, 96))
    assert every.psnr_db > 60
    assert few.psnr_db < 40


@pytest.mark.slow
@pytest.mark.parametrize("path", CONFIGS, ids=lambda p: p.stem)
def test_the_script_trains_quickly_without_data(path, tmp_path):
    script = ROOT / "experiments" / "autoencoder_train.py"
    command = [
        sys.executable,
        str(script),
        str(path),
        "--quick",
        "--run",
        str(tmp_path),
    ]
    subprocess.run(command, check=True, capture_output=True)
    assert model.load(str(tmp_path / "model.npz"))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "--resume" in done.stderr


@pytest.mark.slow
def test_the_evaluation_writes_rows_curves_and_samples(tmp_path):
    script = ROOT / "experiments" / "autoencoder_evaluate.py"
    command = [sys.executable, str(script), "--quick", "--out", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    names = {path.name for path in tmp_path.iterdir()}
    for name in ("mnist", "cifar100", "photo"):
        assert {f"{name}.tsv", f"{name}.png"} <= names


@pytest.mark.slow
def test_a_model_of_ones_own_is_measured_or_refused_by_what_it_codes(tmp_path):
    run, out = tmp_path / "run", tmp_path / "out"
    config = ROOT / "experiments" / "configs" / "autoencoder-cifar100-conv.json"
    train = ROOT / "experiments" / "autoencoder_train.py"
    subprocess.run(
        [sys.executable, str(train), str(config), "--quick", "--run", str(run)],
        check=True, capture_output=True,
    )  # fmt: skip
    script = [sys.executable, str(ROOT / "experiments" / "autoencoder_evaluate.py")]
    own = ["--models", str(run / "model.npz"), "--out", str(out)]
    subprocess.run([*script, "--quick", *own], check=True, capture_output=True)
    assert {path.name for path in out.iterdir()} >= {"cifar100.tsv", "photo.tsv"}
    assert not (out / "mnist.tsv").exists()
    grey = tmp_path / "grey.png"
    grey.write_bytes((ROOT / "examples" / "digits" / "five.png").read_bytes())
    for more, said in (
        (["--quick", "--photo", str(grey)], "codes 3 channels"),
        (["--quick", "--photo", "nothing.png"], "nothing.png: cannot be read"),
        ([], "nothing to evaluate on"),
    ):
        done = subprocess.run(
            [*script, *own, *more], capture_output=True, text=True, check=False
        )
        assert done.returncode == 1
        assert said in done.stderr
        assert "Traceback" not in done.stderr
