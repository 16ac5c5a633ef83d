"""The alternating scheme on a tiny run: what moves, what stands still, what resumes."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="needs the train extra")

from comrec import jpeg, resample
from comrec.errors import UsageError
from comrec.metrics import psnr_db
from comrec.train import data
from comrec.train.alternate import AlternatingRun, OutOfTime, Progress
from comrec.train.compact import CompactStep, half_square_error
from comrec.train.config import Phase, TrainConfig
from comrec.train.validate import codec_of, score

TINY = TrainConfig(
    phases=(
        Phase("reccnn", 2, 1e-3, 1e-4),
        Phase("comcnn", 2, 1e-3, 1e-4),
        Phase("reccnn", 1, 1e-4, 1e-4),
    ),
    width=4,
    depth=3,
    crop_px=48,
    patch_px=16,
    batch=8,
    warmup_epochs=2,
    precision="float32",
)


@pytest.fixture(scope="module")
def crops() -> np.ndarray:
    rng = np.random.default_rng(7)
    y, x = np.mgrid[:48, :48]
    waves = [np.sin(x / a + y / b) for a, b in rng.uniform(2, 9, (6, 2))]
    return (np.stack(waves)[..., None] * 100 + 128).astype(np.uint8)


def nothing(comcnn: keras.Model, reccnn: keras.Model) -> dict[str, float]:
    return {}


def weights(run: AlternatingRun) -> list[np.ndarray]:
    return [np.array(v) for m in (run.comcnn, run.reccnn) for v in m.get_weights()]


def rows(folder) -> list[dict]:
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory, crops) -> AlternatingRun:
    run = AlternatingRun(TINY, tmp_path_factory.mktemp("run"), crops, nothing)
    run.train()
    return run


def test_every_phase_is_logged_once_with_a_finite_loss(unbroken):
    epochs = [r for r in rows(unbroken.folder) if r["event"] == "epoch"]
    assert [r["network"] for r in epochs] == ["comcnn"] * 2 + ["reccnn"] * 2 + [
        "comcnn", "comcnn", "reccnn",
    ]  # fmt: skip
    assert all(np.isfinite(r["loss"]) for r in epochs)
    assert len([r for r in rows(unbroken.folder) if r["event"] == "validation"]) == 3


def test_learning_rate_falls_along_a_logarithm():
    phase = Phase("reccnn", 3, 1e-3, 1e-5)
    assert [phase.rate(p) for p in (0, 0.5, 1)] == pytest.approx([1e-3, 1e-4, 1e-5])


@pytest.mark.parametrize("stops_at", [(0, 1), (1, 1), (2, 0)])
def test_a_stopped_run_resumes_to_the_same_weights(unbroken, crops, tmp_path, stops_at):
    run = AlternatingRun(TINY, tmp_path, crops, nothing)
    checkpoint = run._checkpoint

    def stop(optimizer):
        checkpoint(optimizer)
        if (run.progress.phase, run.progress.epoch) == stops_at:
            raise KeyboardInterrupt

    run._checkpoint = stop
    with pytest.raises(KeyboardInterrupt):
        run.train()
    resumed = AlternatingRun(TINY, tmp_path, crops, nothing)
    resumed.resume()
    assert resumed.progress == Progress(*stops_at)
    resumed.train()
    for ours, theirs in zip(weights(resumed), weights(unbroken), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)


def test_a_budget_that_is_spent_stops_the_run(crops, tmp_path):
    run = AlternatingRun(TINY, tmp_path, crops, nothing)
    with pytest.raises(OutOfTime):
        run.train(budget_s=0)


@pytest.mark.parametrize(
    ("phase", "still", "moving"), [(0, "comcnn", "reccnn"), (1, "reccnn", "comcnn")]
)
def test_only_the_network_of_a_phase_moves(crops, tmp_path, phase, still, moving):
    run = AlternatingRun(TINY, tmp_path, crops, nothing)
    run.progress = Progress(phase, 0)
    before = {
        n: [w.copy() for w in getattr(run, n).get_weights()] for n in (still, moving)
    }
    run._deadline = float("inf")
    run._train_phase(Phase(moving, 1, 1e-3, 1e-3))
    for ours, theirs in zip(
        getattr(run, still).get_weights(), before[still], strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)
    assert any(
        (a != b).any()
        for a, b in zip(getattr(run, moving).get_weights(), before[moving], strict=True)
    )


def test_warm_up_brings_comcnn_near_the_plain_reduction(unbroken):
    epochs = [r for r in rows(unbroken.folder) if r["event"] == "epoch"]
    first, last = [r["loss"] for r in epochs if r["phase"] == -1]
    assert last < first


@pytest.mark.parametrize("estimator", ["bypass", "released", "ste"])
def test_estimators_see_the_codec_as_they_say(crops, tmp_path, estimator):
    run = AlternatingRun(TINY, tmp_path, crops, nothing)
    step = CompactStep(run.comcnn, run.reccnn, estimator, 2)
    image = crops[:2, :16, :16].astype(np.float32) / 255
    error = step.codec_error(image, quality=50)
    assert error.shape == (2, 8, 8, 1)
    assert (error == 0).all() == (estimator == "bypass")
    # Adding the error reproduces the real codec's pixels.
    if estimator != "bypass":
        coded = run.comcnn.predict_on_batch(image) + error
        np.testing.assert_allclose(coded * 255, np.rint(coded * 255), atol=1e-3)


def test_half_square_error_is_half_the_sum_over_each_patch():
    zero, two = np.zeros((3, 4, 4, 1), np.float32), np.full((3, 4, 4, 1), 2, np.float32)
    assert [float(e) for e in half_square_error(zero, two)] == [32, 32, 32]


def test_turned_squares_take_all_eight_forms():
    square = np.arange(9, dtype=np.uint8).reshape(1, 3, 3, 1).repeat(200, axis=0)
    forms = {t.tobytes() for t in data.turned(square, np.random.default_rng(0))}
    assert len(forms) == 8


def test_patches_are_aligned_in_every_array_and_start_on_even_pixels():
    image = np.arange(2 * 50 * 50, dtype=np.float32).reshape(2, 50, 50, 1)
    for seed in range(5):
        rng = np.random.default_rng(seed)
        for ours, theirs in data.patch_batches((image, image + 1), 16, 4, rng):
            assert ours.shape == (4, 16, 16, 1)
            np.testing.assert_array_equal(ours + 1, theirs)
            assert all(int(p[0, 0, 0]) % 50 % 2 == 0 for p in ours)


def test_score_is_what_the_codec_alone_gives_when_networks_do_nothing(crops):
    image = crops[0]
    small = np.ascontiguousarray(image[::2, ::2])

    def halve(x):
        return x[:, ::2, ::2]

    result = score(codec_of(halve, np.zeros_like, 1, 50), [image], plain_quality=10)
    coded = jpeg.decode(jpeg.encode(small, 50)).astype(np.float32) / 255
    enlarged = np.clip(resample.enlarge(coded, 2, (48, 48)), 0, 1) * 255
    assert result.fixed_psnr_db == pytest.approx(
        psnr_db(image, np.rint(enlarged).astype(np.uint8))
    )
    ratio = (len(jpeg.encode(small, 50)) + 80) / len(jpeg.encode(image, 10))
    assert result.fixed_bytes_ratio == pytest.approx(ratio)
    assert result.psnr_db <= result.fixed_psnr_db


def test_a_folder_with_another_run_in_it_is_refused(unbroken, crops):
    other = replace(TINY, compact_quality=10)
    with pytest.raises(UsageError, match=r"config\.json: holds the config of another"):
        AlternatingRun(other, unbroken.folder, crops, nothing)
    assert TrainConfig.load(unbroken.folder / "config.json") == TINY


def test_too_few_pictures_for_a_batch_are_refused(crops, tmp_path):
    run = AlternatingRun(replace(TINY, batch=1000), tmp_path, crops, nothing)
    with pytest.raises(UsageError, match="fewer than 1000 patches"):
        run.train()


def test_the_log_says_what_a_run_was_made_with(unbroken):
    start = rows(unbroken.folder)[0]
    assert start["event"] == "start"
    assert start["keras"] == keras.__version__


def test_the_shipped_configs_load():
    folder = Path(__file__).parents[1] / "experiments" / "configs"
    assert TrainConfig.load(folder / "jiang2017-gray-q50.json") == TrainConfig()
    assert all(TrainConfig.load(p).phases for p in folder.glob("*.json"))


def test_config_survives_json_and_refuses_unknown_settings(tmp_path):
    path = tmp_path / "config.json"
    path.write_text(TINY.dump())
    assert TrainConfig.load(path) == TINY
    path.write_text(TINY.dump().replace('"seed"', '"sead"'))
    with pytest.raises(UsageError, match=r"config\.json: .*sead"):
        TrainConfig.load(path)


def test_a_folder_without_pictures_is_refused_by_name(tmp_path):
    with pytest.raises(UsageError, match="no picture of at least 48x48"):
        data.load_crops(tmp_path, 48, 1)
    with pytest.raises(UsageError, match="not a folder"):
        data.load_crops(tmp_path / "absent", 48, 1)
