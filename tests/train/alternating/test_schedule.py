"""The alternating scheme on a tiny run: what moves, what stands still, what resumes."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

keras = pytest.importorskip("keras", reason="needs the train extra")

from comrec.errors import ImageError, OutputError, UsageError
from comrec.image import resample
from comrec.image.metrics import psnr_db
from comrec.jpeg import coding
from comrec.train.alternating import data, rate_term, steps
from comrec.train.alternating.compact import CompactStep, half_square_error
from comrec.train.alternating.config import Phase, Round, TrainConfig
from comrec.train.alternating.finished import FinishedRound
from comrec.train.alternating.schedule import AlternatingRun
from comrec.train.alternating.validate import Validation, build_codec, score
from comrec.train.run import checkpoint, curves
from comrec.train.run.config import LearningRate
from comrec.train.run.log import RunLog
from comrec.train.run.progress import ProgressListener
from comrec.train.run.run import DivergedError, OutOfTime

TINY = TrainConfig(
    rounds=(
        Round((), (LearningRate(2, 1e-3, 1e-4),)),
        Round((LearningRate(2, 1e-3, 1e-4),), (LearningRate(1, 1e-4, 1e-4),)),
    ),
    width=4,
    depth=3,
    crop_px=48,
    patch_px=16,
    stride_px=8,
    epoch_patches=40,
    batch=8,
    warmup_epochs=2,
    precision="float32",
)
FOREVER = 10**9


@pytest.fixture(scope="module")
def crops() -> np.ndarray:
    rng = np.random.default_rng(7)
    y, x = np.mgrid[:48, :48]
    waves = [np.sin(x / a + y / b) for a, b in rng.uniform(2, 9, (6, 2))]
    return (np.stack(waves)[..., None] * 100 + 128).astype(np.uint8)


def better(comcnn: keras.Model, reccnn: keras.Model, number: int) -> dict[str, float]:
    """Every round is a decibel better."""
    return {"psnr_db": float(number)}


def weights(run: AlternatingRun) -> list[np.ndarray]:
    return [w for model in run.models for w in model.get_weights()]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory, crops) -> AlternatingRun:
    run = AlternatingRun(TINY, tmp_path_factory.mktemp("run"), crops, better)
    run.train()
    return run


def test_every_phase_is_logged_once_with_a_finite_loss(unbroken):
    epochs = unbroken.log.rows("epoch")
    assert [(r["round"], r["network"], r["epoch"]) for r in epochs] == [
        (-1, "comcnn", 0), (-1, "comcnn", 1), (0, "reccnn", 0), (0, "reccnn", 1),
        (1, "comcnn", 0), (1, "comcnn", 1), (1, "reccnn", 0),
    ]  # fmt: skip
    assert all(np.isfinite(r["loss"]) and r["steps"] == 5 for r in epochs)
    assert [r["round"] for r in unbroken.log.rows("validation")] == [0, 1]


def test_learning_rate_falls_along_a_logarithm():
    learning_rate = LearningRate(3, 1e-3, 1e-5)
    assert [learning_rate.rate(p) for p in (0, 0.5, 1)] == pytest.approx(
        [1e-3, 1e-4, 1e-5]
    )


def places(run: AlternatingRun) -> list[tuple[int, int]]:
    return [(row["phase"], row["epoch"]) for row in run.log.rows("epoch")]


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
    "batch", [pytest.param(batch, marks=SLOW) for batch in (1, 6, 27)] + [12]
)
def test_a_stopped_run_resumes_to_the_same_weights(unbroken, crops, tmp_path, batch):
    run = AlternatingRun(TINY, tmp_path, crops, better, listener=StopsAt(batch))
    with pytest.raises(KeyboardInterrupt):
        run.train()
    resumed = AlternatingRun(TINY, tmp_path, crops, better, resume=True)
    resumed.train()
    for ours, theirs in zip(weights(resumed), weights(unbroken), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)
    ours, theirs = (
        [r["epoch"] for r in run.log.rows("epoch")] for run in (resumed, unbroken)
    )
    assert ours == theirs


def test_a_run_that_came_to_its_end_stays_as_it_is(unbroken, crops):
    before = weights(unbroken)
    again = AlternatingRun(TINY, unbroken.folder, crops, better, resume=True)
    again.train()
    for ours, theirs in zip(weights(again), before, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_budget_that_is_spent_stops_the_run(crops, tmp_path):
    run = AlternatingRun(TINY, tmp_path, crops, better)
    with pytest.raises(OutOfTime, match="not one epoch was done"):
        run.train(budget_s=0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("gains", "rounds"), [((0.5, 0.019, 9), 3), ((0.5, 0.021, -1, 9), 4), ((9, 9), 3)]
)
def test_rounds_end_when_one_gains_less_than_two_hundredths(
    crops, tmp_path, gains, rounds
):
    """The last of the gains would be large, and is not tried."""
    config = TINY.limited(1 + len(gains))
    values = np.cumsum([20, *gains])

    def validate(comcnn, reccnn, number):
        return {"psnr_db": float(values[number])}

    run = AlternatingRun(config, tmp_path, crops, validate)
    run.train()
    assert len(run.log.rows("validation")) == rounds
    best = int(np.argmax(values[:rounds]))
    assert FinishedRound.find(tmp_path).number == best
    # And it is not taken up again, though its schedule has not come to the end.
    AlternatingRun(config, tmp_path, crops, validate, resume=True).train()
    assert len(run.log.rows("validation")) == rounds


@pytest.mark.parametrize(
    ("learns", "stands"), [("comcnn", "reccnn"), ("reccnn", "comcnn")]
)
def test_only_the_network_of_a_phase_moves(crops, tmp_path, learns, stands):
    run = AlternatingRun(TINY, tmp_path, crops, better)
    before = {m.name: [w.copy() for w in m.get_weights()] for m in run.models}
    run._train_phase(Phase(0, learns, LearningRate(1, 1e-3, 1e-3)))
    still, moving = (getattr(run, name).get_weights() for name in (stands, learns))
    for ours, theirs in zip(still, before[stands], strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert all(
        (ours != theirs).any()
        for ours, theirs in zip(moving, before[learns], strict=True)
    )


def test_warm_up_brings_comcnn_near_the_plain_reduction(crops, tmp_path):
    run = AlternatingRun(
        replace(TINY, warmup_epochs=6, epoch_patches=80), tmp_path, crops, better
    )
    image = crops.astype(np.float32) / 255
    plain = np.stack([resample.reduce(one, 2) for one in image])

    def distance() -> float:
        return float(np.mean((run.comcnn.predict_on_batch(image) - plain) ** 2))

    before = distance()
    run._train_phase(run.phases[0])
    assert distance() < before


def numpy_of(variable: keras.Variable) -> np.ndarray:
    return keras.ops.convert_to_numpy(variable).copy()


@pytest.mark.parametrize("estimator", ["bypass", "released", "ste"])
def test_gradients_of_the_estimators_are_what_they_are_defined_as(
    unbroken, crops, estimator
):
    """Seen at ComCNN's last bias, which adds a constant to the compact image."""
    comcnn, reccnn = unbroken.models
    kept = [(v, numpy_of(v)) for model in (comcnn, reccnn) for v in model.variables]
    rng = np.random.default_rng(5)
    for variable in reccnn.variables:  # a RecCNN that does something
        variable.assign(np.abs(rng.normal(0.2, 0.1, variable.shape)))
    comcnn.trainable, reccnn.trainable = True, False
    step = CompactStep(comcnn, reccnn, replace(TINY, estimator=estimator))
    image = crops[:2, :16, :16].astype(np.float32) / 255
    error = step.measure_codec_error(image)
    bias = comcnn.layers[-1].bias

    def restored_at(offset: float) -> np.ndarray:
        bias.assign(start + offset)
        return keras.ops.convert_to_numpy(step((image, error)))

    def loss_at(offset: float) -> float:
        return float(np.sum((restored_at(offset) - image) ** 2)) / 2 / len(image)

    start = numpy_of(bias)
    if estimator == "released":
        # The error itself, carried back through the enlargement, whose rows sum to 1.
        expected = float(np.sum(restored_at(0) - image)) / len(image)
    else:
        expected = (loss_at(0.01) - loss_at(-0.01)) / 0.02
    bias.assign(start)
    step.compile(keras.optimizers.SGD(1e-4), half_square_error, jit_compile=False)
    step.train_on_batch((image, error), image)
    gradient = float((start - numpy_of(bias))[0]) / 1e-4
    for variable, value in kept:
        variable.assign(value)
    assert gradient == pytest.approx(expected, rel=0.02)


def moved_by(estimator, run, crops, tmp_path, **settings):
    """How far one compact step of a way moves ComCNN, from the same place."""
    config = replace(
        TINY, estimator=estimator, start=str(run.folder),
        rounds=(Round((LearningRate(1, 1e-3, 1e-3),), (LearningRate(1, 1e-9, 1e-9),)),),
        **settings,
    )  # fmt: skip
    other = AlternatingRun(config, tmp_path / f"{estimator}{settings}", crops, better)
    rng = np.random.default_rng(5)
    for variable in other.reccnn.variables:  # one that does something
        variable.assign(np.abs(rng.normal(0.2, 0.1, variable.shape)))
    before = [w.copy() for w in other.comcnn.get_weights()]
    other.train()
    after = other.comcnn.get_weights()
    return np.concatenate([(b - a).ravel() for a, b in zip(before, after, strict=True)])


@pytest.mark.slow
def test_the_three_estimators_and_the_rate_term_move_comcnn_differently(
    unbroken, crops, tmp_path
):
    moves = [
        moved_by(way, unbroken, crops, tmp_path, rate_weight=weight)
        for way in ("bypass", "released", "ste")
        for weight in (0.0, 0.1)
    ]
    for i, one in enumerate(moves):
        assert np.abs(one).max() > 1e-4
        for other in moves[:i]:
            assert np.abs(one - other).max() > 1e-6


def test_reccnn_learns_alone_after_bicubic_reduction(crops, tmp_path):
    config = replace(TINY, reduction="bicubic", rounds=TINY.rounds[:1])
    run = AlternatingRun(config, tmp_path, crops, better)
    before = [w.copy() for w in run.comcnn.get_weights()]
    seen = []

    class Look(ProgressListener):
        def on_batch(self, phase, done, total, loss):
            seen.append(phase)

    run.listener = Look()
    run.train()
    assert set(seen) == {"round 0, reccnn"}
    for ours, theirs in zip(run.comcnn.get_weights(), before, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    reduce = steps.choose_reduction(run.comcnn.predict_on_batch, config)
    small = reduce(crops.astype(np.float32) / 255)
    np.testing.assert_array_equal(
        small[1], resample.reduce(crops[1] / np.float32(255), 2)
    )


def test_a_pair_for_colour_trains_through_a_colour_jpeg(crops, tmp_path):
    rounds = TINY.rounds[1:]  # with a compact step
    config = replace(TINY, channels=3, estimator="ste", rate_weight=1e-3, rounds=rounds)
    run = AlternatingRun(config, tmp_path, crops.repeat(3, axis=3), better)
    run.train()
    assert run.comcnn.output_shape[-1] == 3
    assert all(np.isfinite(row["loss"]) for row in run.log.rows("epoch"))


def test_half_square_error_is_half_the_sum_over_each_patch():
    zero, two = np.zeros((3, 4, 4, 1), np.float32), np.full((3, 4, 4, 1), 2, np.float32)
    assert [float(e) for e in half_square_error(zero, two)] == [32, 32, 32]


def test_turned_squares_take_all_eight_forms():
    square = np.arange(9, dtype=np.uint8).reshape(1, 3, 3, 1).repeat(200, axis=0)
    forms = {t.tobytes() for t in data.turn(square, np.random.default_rng(0))}
    assert len(forms) == 8


@pytest.mark.parametrize("stride", [8, 16, 40])
def test_patches_are_aligned_in_every_array_and_start_on_even_pixels(stride):
    image = np.arange(2 * 50 * 50, dtype=np.float32).reshape(2, 50, 50, 1)
    config = replace(TINY, batch=2, stride_px=stride)
    for seed in range(5):
        rng = np.random.default_rng(seed)
        cut = list(data.cut_patches((image, image + 1), config, rng))
        assert len(cut) == {8: 25, 16: 9, 40: 1}[stride]
        for ours, theirs in cut:
            assert ours.shape == (2, 16, 16, 1)
            np.testing.assert_array_equal(ours + 1, theirs)
            assert all(int(p[0, 0, 0]) % 50 % 2 == 0 for p in ours)


@pytest.mark.parametrize("channels", [1, 3])
def test_rate_term_follows_the_bytes_of_a_real_jpeg(channels):
    """Busier pictures, and finer tables, cost more, about as much as they do."""
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:64, :64] / 64
    smooth = 0.5 + 0.2 * np.sin(3 * x + 5 * y)[..., None].repeat(channels, axis=2)
    noise = rng.normal(0, 1, smooth.shape)
    pictures = [smooth + amount * noise for amount in (0.01, 0.03, 0.1, 0.2)]
    real, proxy = [], []
    for quality in (20, 50, 80):
        for picture in pictures:
            pixels = np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)
            real.append(len(coding.encode(pixels, quality)))
            tensor = keras.ops.convert_to_tensor(pixels[None].astype(np.float32) / 255)
            proxy.append(float(rate_term.magnitudes(tensor, quality)[0]))
    assert np.corrcoef(real, proxy)[0, 1] > 0.97


def test_rate_term_of_a_flat_picture_is_nothing_at_any_size():
    for size in ((8, 8), (20, 12)):
        flat = keras.ops.ones((1, *size, 1)) * 0.5
        assert float(rate_term.magnitudes(flat, 50)[0]) < 0.05 * size[0] * size[1]


def test_rate_term_is_calibrated_to_real_bits(crops):
    def halve(x):
        return x[:, ::2, ::2]

    each = rate_term.bits_per_magnitude(halve, crops, 50)
    small = crops[:, ::2, ::2]
    counted = rate_term.magnitudes(
        keras.ops.convert_to_tensor(small.astype(np.float32) / 255), 50
    )
    empty = len(coding.encode(np.full_like(small[0], 128), 50))
    bits = sum(8 * (len(coding.encode(c, 50)) - empty) for c in small)
    assert each * float(keras.ops.sum(counted)) == pytest.approx(bits, rel=1e-3)


@pytest.mark.slow
def test_rate_term_makes_the_compact_image_cheaper(unbroken, crops, tmp_path):
    def cost(weight: float) -> float:
        config = replace(
            TINY, start=str(unbroken.folder), rate_weight=weight, epoch_patches=400,
            rounds=(
                Round((LearningRate(2, 1e-3, 1e-3),), (LearningRate(1, 1e-9, 1e-9),)),
            ),
        )  # fmt: skip
        run = AlternatingRun(config, tmp_path / str(weight), crops, better)
        run.train()
        compact = run.comcnn.predict_on_batch(crops[:2].astype(np.float32) / 255)
        return float(keras.ops.sum(rate_term.magnitudes(compact, 50)))

    assert cost(0.5) < 0.8 * cost(0.0)


def test_score_is_what_the_codec_alone_gives_when_networks_do_nothing(crops):
    image = crops[0]
    small = np.ascontiguousarray(image[::2, ::2])

    def halve(x):
        return x[:, ::2, ::2]

    codec = build_codec(halve, np.zeros_like, 1, 50)
    result = score(codec, [image], plain_quality=10, compact_quality=50)
    coded = coding.decode(coding.encode(small, 50)).astype(np.float32) / 255
    enlarged = np.clip(resample.enlarge(coded, 2, (48, 48)), 0, 1) * 255
    assert result.fixed_psnr_db == pytest.approx(
        psnr_db(image, np.rint(enlarged).astype(np.uint8))
    )
    ratio = (len(coding.encode(small, 50)) + 80) / len(coding.encode(image, 10))
    assert result.fixed_bytes_ratio == pytest.approx(ratio)
    assert result.psnr_db <= result.fixed_psnr_db
    # One that JPEG keeps as it is says nothing, and is left out.
    flat = np.full_like(image, 255)
    assert score(codec, [image, flat], plain_quality=10, compact_quality=50) == result
    with pytest.raises(UsageError, match="none of the 1 validation pictures is rich"):
        score(codec, [flat], plain_quality=10, compact_quality=50)


def test_training_sees_pictures_as_the_codec_does(tmp_path):
    ramp = np.linspace(0, 65535, 64 * 64).astype(np.uint16).reshape(64, 64)
    Image.fromarray(ramp).save(tmp_path / "deep.png")
    assert data.load_picture(tmp_path / "deep.png", 1).mean() == pytest.approx(
        127, abs=1
    )
    Image.new("L", (9, 7), 40).save(tmp_path / "same.png")
    Image.new("RGB", (9, 7), (40, 40, 40)).save(tmp_path / "same.bmp")
    assert data.load_picture(tmp_path / "same.png", 3).shape == (7, 9, 3)
    assert data.load_picture(tmp_path / "same.bmp", 1).tolist() == [[[40]] * 9] * 7
    loaded = data.load_validation(tmp_path, 1, side_px=8)
    assert {name: image.shape for name, image in loaded.items()} == {
        "deep.png": (8, 8, 1), "same.bmp": (7, 8, 1), "same.png": (7, 8, 1),
    }  # fmt: skip


def test_validation_leaves_samples_and_curves_and_rows(crops, tmp_path):
    images = {str(i): crop for i, crop in enumerate(crops[:2])}
    one = Round((), (LearningRate(1, 1e-3, 1e-4),))
    config = replace(TINY, rounds=(one, one), warmup_epochs=1)
    validate = Validation(images, config, tmp_path / "samples", sample_count=1)
    run = AlternatingRun(config, tmp_path / "run", crops, validate)
    run.train()
    curves.draw(run.folder)
    samples = sorted((tmp_path / "samples").rglob("*.png"))
    assert [str(p.relative_to(tmp_path)) for p in samples] == [
        "samples/round-0/0.png", "samples/round-1/0.png",
    ]  # fmt: skip
    assert data.load_picture(samples[0], 1).shape == (48, 4 * 48, 1)
    head, *rows = (run.folder / "rounds.tsv").read_text().splitlines()
    assert head.split("\t") == list(curves.ROUND)
    assert len(rows) == 2
    assert len((run.folder / "epochs.tsv").read_text().splitlines()) == 1 + 3
    assert data.load_picture(run.folder / "curves.png", 3).shape[1] > 800


def test_a_pair_can_begin_from_another_run(unbroken, crops, tmp_path):
    config = replace(TINY, start=str(unbroken.folder))
    run = AlternatingRun(config, tmp_path, crops, better)
    for ours, theirs in zip(weights(run), weights(unbroken), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert all(phase.round >= 0 for phase in run.phases)


def test_a_pair_can_begin_from_a_preset(crops, tmp_path):
    config = replace(TINY, start="jiang2017-gray-q50", width=64, depth=20)
    run = AlternatingRun(config, tmp_path, crops, better)
    assert run.reccnn.count_params() == 670_529


@pytest.mark.parametrize(
    ("start", "complaint"),
    [
        ("absent", "no preset is called 'absent'"),
        ("jiang2017-gray-q50", "has networks of another size"),
        ("plain", "'plain' has no comcnn to begin from"),
        ("empty", "config.json: cannot be read"),
    ],
)
def test_a_start_that_does_not_fit_is_refused(
    crops, tmp_path, monkeypatch, start, complaint
):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=complaint):
        AlternatingRun(replace(TINY, start=start), tmp_path / "run", crops, better)
    assert not (tmp_path / "run").exists()


def test_a_folder_with_another_run_in_it_is_refused(unbroken, crops):
    other = replace(TINY, compact_quality=10)
    with pytest.raises(UsageError, match=r"config\.json: holds the config of another"):
        AlternatingRun(other, unbroken.folder, crops, better, resume=True)
    assert TrainConfig.load(unbroken.folder / "config.json") == TINY


def test_more_rounds_at_the_end_do_not_make_it_another_run(unbroken, crops, tmp_path):
    shutil.copytree(unbroken.folder, tmp_path, dirs_exist_ok=True)
    longer = AlternatingRun(TINY.limited(3), tmp_path, crops, better, resume=True)
    longer.train()
    assert [r["round"] for r in longer.log.rows("validation")] == [0, 1, 2]
    with pytest.raises(UsageError, match="holds the config of another"):
        AlternatingRun(TINY.limited(1), tmp_path, crops, better, resume=True)


def test_a_run_goes_on_with_the_pictures_it_began_with(crops, tmp_path):
    def begin(**how: object) -> AlternatingRun:
        return AlternatingRun(TINY, tmp_path, crops, better, **how)

    run = begin(pictures={"crops": 6, "crops_crc32": 1}, listener=StopsAt(6))
    with pytest.raises(KeyboardInterrupt):
        run.train()
    with pytest.raises(UsageError, match=r"crops_crc32 was 1, is 2.*Give it the same"):
        begin(pictures={"crops": 6, "crops_crc32": 2}, resume=True)
    begin(pictures={"crops": 6, "crops_crc32": 1}, resume=True)


@pytest.mark.slow
def test_a_kill_between_row_and_checkpoint_leaves_no_row_twice(
    unbroken, crops, tmp_path, monkeypatch
):
    """With --resume and, where there was no checkpoint yet, without it."""
    for first in (0, 3):
        folder = tmp_path / str(first)
        saved = []

        def save(path, state, saved=saved, first=first, really=checkpoint.save):
            saved.append(path)
            if len(saved) > first:
                raise KeyboardInterrupt
            really(path, state)

        with monkeypatch.context() as patch:
            patch.setattr("comrec.train.alternating.schedule.checkpoint.save", save)
            with pytest.raises(KeyboardInterrupt):
                AlternatingRun(TINY, folder, crops, better).train()
        resumed = AlternatingRun(TINY, folder, crops, better, resume=first > 0)
        resumed.train()
        assert places(resumed) == places(unbroken)


def test_a_run_is_not_begun_again_over_itself(unbroken, crops):
    with pytest.raises(UsageError, match=r"holds a run\. Go on with it by --resume"):
        AlternatingRun(TINY, unbroken.folder, crops, better)


@pytest.mark.parametrize("junk", [b"", b"not a zip", b"PK\x03\x04 cut short"])
def test_a_damaged_checkpoint_is_refused_by_name(unbroken, crops, tmp_path, junk):
    (tmp_path / "config.json").write_text(TINY.dump())
    (tmp_path / "checkpoint.npz").write_bytes(junk)
    with pytest.raises(UsageError, match=r"checkpoint\.npz: not a checkpoint"):
        AlternatingRun(TINY, tmp_path, crops, better, resume=True)


def test_too_few_pictures_for_a_batch_are_refused(crops, tmp_path):
    run = AlternatingRun(
        replace(TINY, batch=1000, epoch_patches=FOREVER), tmp_path, crops, better
    )
    with pytest.raises(UsageError, match="fewer than 1000 patches"):
        run.train()


@pytest.mark.parametrize(
    ("network", "after", "where"),
    [
        ("comcnn", 20, "round 1, comcnn, epoch 0, batch 0"),
        ("reccnn", 16, "round 0, reccnn, epoch 1, batch 1"),
    ],
)
def test_a_loss_that_is_not_finite_stops_the_run_and_says_where(
    crops, tmp_path, network, after, where
):
    run = AlternatingRun(TINY, tmp_path, crops, better)

    class Poison(ProgressListener):
        def on_batch(self, phase, done, total, loss):
            if done == after:
                variable = getattr(run, network).layers[-1].bias
                variable.assign(np.full(variable.shape, np.nan, np.float32))

    run.listener = Poison()
    with pytest.raises(DivergedError, match=f"{where}.*the loss is nan"):
        run.train()


def test_a_full_disk_is_one_line_and_leaves_the_checkpoint_of_before(
    crops, tmp_path, monkeypatch
):
    run = AlternatingRun(TINY, tmp_path, crops, better, listener=StopsAt(6))
    with pytest.raises(KeyboardInterrupt):
        run.train()
    before = (tmp_path / "checkpoint.npz").read_bytes()

    def full(path, **arrays):
        Path(path).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    resumed = AlternatingRun(TINY, tmp_path, crops, better, resume=True)
    with pytest.raises(
        OutputError, match=r"checkpoint\.npz: .*No space left.*--resume"
    ):
        resumed.train()
    assert (tmp_path / "checkpoint.npz").read_bytes() == before
    assert not list(tmp_path.glob("*.tmp*"))


def test_the_log_says_what_a_run_was_made_with(unbroken):
    start = unbroken.log.rows("start")[0]
    assert start["keras"] == keras.__version__


def test_a_line_that_a_kill_cut_short_is_not_taken_for_a_row(tmp_path):
    log = RunLog(tmp_path / "metrics.jsonl")
    log.add({"event": "epoch", "phase": 0, "epoch": 0})
    with open(log.path, "a") as file:
        file.write('{"event": "epoch", "pha')
    assert len(log.rows()) == 1
    log.rewind(0, 1)
    assert len(log.path.read_text().splitlines()) == 1


def test_the_shipped_configs_load():
    folder = Path(__file__).parents[3] / "experiments" / "configs"
    assert TrainConfig.load(folder / "jiang2017-gray-q50.json") == TrainConfig()
    others = [*folder.glob("comrec-*.json"), *folder.glob("autoencoder-*.json")]
    alternating = set(folder.glob("*.json")) - set(others)
    assert alternating
    assert all(list(TrainConfig.load(path).phases()) for path in alternating)


def test_the_papers_schedule_is_thirty_epochs_of_each_network():
    phases = list(TrainConfig().phases())
    assert sum(p.epochs for p in phases if (p.round, p.network) == (1, "comcnn")) == 30
    assert sum(p.epochs for p in phases if (p.round, p.network) == (1, "reccnn")) == 30


def test_config_survives_json(tmp_path):
    path = tmp_path / "config.json"
    path.write_text(TINY.dump())
    assert TrainConfig.load(path) == TINY


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("sead", 1, "unknown settings sead"),
        ("estimator", "magic", "estimator must be one of bypass, released, ste"),
        ("channels", 2, "channels must be 1"),
        ("reduction", "bicubic", "with reduction bicubic no compact step"),
        ("batch", 0, "batch must be a whole number from 1"),
        ("batch", 1.5, "batch must be a whole number from 1"),
        ("patch_px", 15, "patch_px must be an even number"),
        ("patch_px", 400, "patch_px must be at most crop_px=48"),
        ("stride_px", 3, "stride_px must be an even number"),
        ("compact_quality", 101, "compact_quality must be .* from 1 to 100"),
        ("rate_weight", float("nan"), "rate_weight must be a number from 0"),
        ("precision", "float8", "precision must be one of"),
        ("channels", 1.0, "channels must be 1"),
        ("seed", 2**32, "seed must be a whole number from 0 to 4294967295"),
        ("gain_min_db", float("nan"), "gain_min_db must be a number"),
        ("rate_weight", 10**400, "rate_weight must be a number from 0"),
        ("epoch_patches", 7, "epoch_patches must be at least batch=8"),
        ("rounds", [], "rounds must be one or more"),
        ("rounds", [{"compact": []}], "no reconstruction in a round"),
        ("rounds", [{"compact": [], "reconstruction": [], "x": 1}], "settings x"),
        ("rounds", [{"compact": [{}], "reconstruction": []}], "no epochs, rate_end"),
        ("rounds", [{"compact": None, "reconstruction": []}], "are lists"),
        ("rounds", 3, "are lists"),
    ],
)
def test_a_config_that_makes_no_sense_is_refused_in_a_line(
    tmp_path, name, value, complaint
):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(json.loads(TINY.dump()) | {name: value}))
    with pytest.raises(UsageError, match=rf"config\.json: .*{complaint}") as err:
        TrainConfig.load(path)
    assert "\n" not in str(err.value)


@pytest.mark.parametrize("text", ["", "[]", "7", "{", "\x00", "[" * 9999])
def test_a_file_that_is_no_config_is_refused_by_name(tmp_path, text):
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"config\.json: not a training config"):
        TrainConfig.load(path)
    with pytest.raises(UsageError, match=r"absent\.json: cannot be read"):
        TrainConfig.load(tmp_path / "absent.json")


def test_training_folders_that_are_of_no_use_are_refused_by_name(tmp_path):
    with pytest.raises(UsageError, match="no picture in it"):
        data.load_crops(tmp_path, 48, 1)
    with pytest.raises(UsageError, match="absent: not a folder of pictures"):
        data.load_crops(tmp_path / "absent", 48, 1)
    picture = np.zeros((40, 60), np.uint8)
    Image.fromarray(picture).save(tmp_path / "small.png")
    with pytest.raises(UsageError, match="none of its pictures has 48x48"):
        data.load_crops(tmp_path, 48, 1)
    (tmp_path / "torn.png").write_bytes((tmp_path / "small.png").read_bytes()[:40])
    with pytest.raises(ImageError, match=r"torn\.png: "):
        data.load_crops(tmp_path, 8, 1)
    with pytest.raises(ImageError, match=r"torn\.png"):
        data.load_validation(tmp_path, 1)
