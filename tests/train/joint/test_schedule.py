"""Training end to end on a tiny run: what it learns from, what moves, what resumes."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="needs the train extra")

from comrec.errors import UsageError
from comrec.image import resample
from comrec.jpeg import coding as jpeg
from comrec.jpeg.colour import luma
from comrec.networks import presets
from comrec.networks.codec import Codec
from comrec.networks.models.pyramid import multiple, reach_px
from comrec.train.alternating.validate import build_codec
from comrec.train.joint import samples
from comrec.train.joint import step as joint_step
from comrec.train.joint.config import JointConfig, Stage
from comrec.train.joint.samples import Coding
from comrec.train.joint.schedule import BEST, JointRun
from comrec.train.joint.step import Calibration, JointStep
from comrec.train.joint.validate import Validation, read_at_rate
from comrec.train.run import checkpoint, curves
from comrec.train.run.progress import Display, ProgressListener
from comrec.train.run.run import DivergedError

STAGES = tuple(
    Stage(learns=learns, epochs=epochs, rate_start=1e-3, rate_end=1e-4)
    for learns, epochs in (("reccnn", 2), ("comcnn", 2), ("both", 1))
)
TINY = JointConfig(
    "tiny", STAGES, widths=(4,), blocks=(1,), compact_width=4, compact_blocks=1,
    codings=3, epoch_batches=3, batch=2, patch_px=32, joint_batch=2, joint_patch_px=64,
    precision="float32",
)  # fmt: skip
FOLDER = Path(__file__).parents[3] / "experiments" / "configs"


def waves(height: int, width: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    colours = [np.sin(x / a + y / b) for a, b in rng.uniform(2, 9, (3, 2))]
    noise = rng.normal(0, 8, (height, width, 3))
    return np.clip(np.stack(colours, -1) * 90 + 128 + noise, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def images() -> list[np.ndarray]:
    return [waves(96, 128, 1), waves(70, 101, 2), waves(40, 300, 3)]


def weights(run: JointRun) -> dict[str, np.ndarray]:
    return {k: v.copy() for k, v in checkpoint.collect_weights(run.models).items()}


def later_is_better(run: JointRun) -> dict[str, float]:
    gain_db = run.phase + run.epoch / 10
    return {"gain_db": gain_db, "gain_db_1_0.25": gain_db}


class Keeps(ProgressListener):
    """The weights at the end of each epoch."""

    def __init__(self) -> None:
        self.seen: list[dict[str, np.ndarray]] = []

    def on_row(self, row):
        if row["event"] in ("start", "epoch"):
            self.seen.append(weights(self.run))


@pytest.fixture(scope="module")
def listener() -> Keeps:
    return Keeps()


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory, images, listener) -> JointRun:
    folder = tmp_path_factory.mktemp("run")
    run = JointRun(TINY, folder, images, later_is_better, listener=listener)
    listener.run = run
    run.train()
    return run


# What a run does


def test_every_epoch_is_logged_and_judged_once_with_a_finite_loss(unbroken):
    epochs, judged = unbroken.log.rows("epoch"), unbroken.log.rows("validation")
    assert [(r["phase"], r["learns"], r["epoch"]) for r in epochs] == [
        (0, "reccnn", 0), (0, "reccnn", 1), (1, "comcnn", 0), (1, "comcnn", 1),
        (2, "both", 0),
    ]  # fmt: skip
    assert [(r["phase"], r["epoch"]) for r in judged] == [
        (r["phase"], r["epoch"]) for r in epochs
    ]
    assert all(np.isfinite(r["loss"]) and r["steps"] == 3 for r in epochs)


def test_only_the_networks_of_a_stage_move(unbroken, listener):
    for stage, moving in enumerate(({"reccnn"}, {"comcnn"}, {"reccnn", "comcnn"})):
        before, after = listener.seen[2 * stage], listener.seen[min(2 * stage + 2, 5)]
        moved = {
            name.rpartition("_")[0]
            for name in before
            if not np.array_equal(before[name], after[name])
        }
        assert moved == moving


def test_a_running_mean_is_judged_and_left_and_training_goes_on_from_the_weights(
    images, tmp_path
):
    share, judged, learnt = 0.75, [], []
    stage = Stage(
        learns="reccnn", epochs=2, rate_start=1e-2, rate_end=1e-3, average=share
    )

    class EachStep(ProgressListener):
        def on_batch(self, phase, done, total, loss):
            learnt.append(weights(self.run))

    def judge(run):
        judged.append(weights(run))
        return {"gain_db": float(run.epoch)}

    config = replace(TINY, stages=(stage,), compact_scales=())
    listener = EachStep()
    run = listener.run = JointRun(
        config, tmp_path / "a", images, judge, listener=listener
    )
    run.train()
    means = [learnt[0]]
    for after in learnt[1:]:
        means.append(
            {k: share * m + (1 - share) * after[k] for k, m in means[-1].items()}
        )
    for name, left in weights(run).items():
        np.testing.assert_allclose(judged[0][name], means[2][name], atol=1e-6)
        np.testing.assert_allclose(judged[1][name], means[5][name], atol=1e-6)
        np.testing.assert_array_equal(left, judged[1][name])
        np.testing.assert_array_equal(left, np.load(run.folder / BEST)[name])
    plain = replace(config, stages=(replace(stage, average=0),))
    listener.run, steps = (
        JointRun(plain, tmp_path / "b", images, judge, listener=listener),
        6,
    )
    listener.run.train()
    for with_mean, without in zip(learnt[:steps], learnt[steps:], strict=True):
        for name, value in with_mean.items():
            np.testing.assert_array_equal(value, without[name])


class StopsAt(ProgressListener):
    """As a kill would, in the middle of an epoch."""

    def __init__(self, batch: int) -> None:
        self.batch_ = batch

    def on_batch(self, phase, done, total, loss):
        assert total == 15
        if done == self.batch_:
            raise KeyboardInterrupt


@pytest.mark.slow
def test_a_run_stopped_in_either_kind_of_stage_resumes_to_the_same_bits(
    unbroken, images, tmp_path
):
    for batch in (5, 11):  # in the second epoch of each kind
        run = JointRun(
            TINY,
            tmp_path,
            images,
            later_is_better,
            resume=True,
            listener=StopsAt(batch),
        )
        with pytest.raises(KeyboardInterrupt):
            run.train()
    resumed = JointRun(TINY, tmp_path, images, later_is_better, resume=True)
    assert (resumed.phase, resumed.epoch) == (1, 1)
    resumed.train()
    ours, theirs = weights(resumed), weights(unbroken)
    for name, value in theirs.items():
        np.testing.assert_array_equal(ours[name], value, err_msg=name)
    for event, columns in (("epoch", ("phase", "epoch", "loss", "rate")),
                           ("validation", ("phase", "epoch", "gain_db"))):  # fmt: skip
        ours, theirs = (
            [[row[c] for c in columns] for row in run.log.rows(event)]
            for run in (resumed, unbroken)
        )
        assert ours == theirs


def test_the_best_epoch_is_kept_and_a_score_of_another_judge_says_nothing(
    images, tmp_path
):
    scores = iter([{"gain_db": 9.0, "gain_db_1_8": 9.0}] +
                  [{"gain_db": g} for g in (1.0, math.nan, 3.0, 2.0)])  # fmt: skip
    one = replace(STAGES[0], epochs=5)
    config = replace(TINY, stages=(one,), epoch_batches=1)
    listener = Keeps()
    run = JointRun(config, tmp_path, images, lambda _: next(scores), listener=listener)
    listener.run = run
    run.train()
    best = checkpoint.load(tmp_path / BEST)
    kept = [
        i for i, seen in enumerate(listener.seen[1:])
        if all(np.array_equal(seen[name], best[name]) for name in best)
    ]  # fmt: skip
    assert kept == [3]


def test_a_run_leaves_tables_and_curves(unbroken, tmp_path):
    curves.draw(unbroken.folder)
    head, *rows = (unbroken.folder / "validation.tsv").read_text().splitlines()
    assert head.split("\t") == ["epochs", "gain_db", "gain_db_1_0.25"]
    assert [row.split("\t")[0] for row in rows] == list("12345")
    head, *rows = (unbroken.folder / "epochs.tsv").read_text().splitlines()
    assert head.split("\t") == list(curves.JOINT_EPOCH)
    assert len(rows) == 5
    assert (unbroken.folder / "curves.png").stat().st_size > 10_000
    assert not (unbroken.folder / "rounds.tsv").exists()


def test_rows_are_told_in_words(unbroken, capsys):
    told = []
    with Display(lambda: told.append("drawn")) as show:
        for row in unbroken.log.rows()[:3]:
            show.on_row(row)
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("stage 0, reccnn, epoch 0: loss ")
    assert second == (
        "stage 0, epoch 0: +0.00 dB above plain JPEG at its bytes "
        "(scale 1, 0.25 bpp: +0.00)"
    )
    assert told == ["drawn"]


def test_a_loss_that_is_not_finite_stops_the_run_and_says_where(images, tmp_path):
    run = JointRun(TINY, tmp_path, images, later_is_better)

    class Poison(ProgressListener):
        def on_batch(self, phase, done, total, loss):
            if done == 2:
                variable = run.reccnn.variables[0]
                variable.assign(np.full(variable.shape, np.nan, np.float32))

    run.listener = Poison()
    where = "stage 0, reccnn, epoch 0, batch 2: the loss is nan"
    with pytest.raises(DivergedError, match=where) as err:
        run.train()
    assert "\n" not in str(err.value)


# What the step through the codec sees


@pytest.fixture
def pair(unbroken, images):
    """A function that draws a batch, and networks that do something."""
    comcnn, reccnn = unbroken.comcnn, unbroken.reccnn
    kept = weights(unbroken)
    rng = np.random.default_rng(5)
    for model in (comcnn, reccnn):
        for variable in model.variables:
            variable.assign(rng.normal(0, 0.1, variable.shape).astype(np.float32))

    def draw(quality: int = 30, scale: float = 2) -> samples.Batch:
        unbroken.config = replace(
            TINY, scales=(1, 1.5, 2), scale_shares=(0.2, 0.3, 0.5), joint_patch_px=96,
            patch_px=96, qualities=((quality, quality),) * 3, compact_scales=(scale,),
        )  # fmt: skip
        changes = {scale: unbroken.get_change(scale)}
        rng = np.random.default_rng(3)
        return next(joint_step.draw_batches(images[:1], changes, unbroken.config, rng))

    yield unbroken, draw
    unbroken.config = TINY
    checkpoint.assign(unbroken.models, kept)


def codec(run: JointRun, scale: float) -> Codec:
    """The one that a preset with those networks would have."""
    preset = replace(
        build_codec(None, None, 3, 50).preset,
        family="comrec", scales=(1, 1.5, 2), compact_scales=(1, 1.5, 2),
        jpeg=samples.build_settings("flat"), sizes=TINY.sizes,
        multiple_px=multiple(TINY.widths),
        reach_px={"comcnn": reach_px((1,)), "reccnn": reach_px(TINY.blocks)},
    )  # fmt: skip
    networks = {
        model.name: lambda *x, m=model: np.asarray(m.predict_on_batch(list(x)))
        for model in run.models
    }
    return Codec(preset, scale, networks=networks)


@pytest.mark.parametrize("scale", [1, 1.5, 2])
def test_the_step_restores_what_the_codec_restores(pair, scale):
    run, draw = pair
    inputs, image, _ = draw(scale=scale)
    step = JointStep(run.comcnn, run.reccnn, scale)
    restored = samples.to_uint8(keras.ops.convert_to_numpy(step(inputs)))
    codec_ = codec(run, scale)
    for picture, ours in zip(samples.to_uint8(image), restored, strict=True):
        coded = codec_.encode(codec_.compact(picture), 30)
        theirs = codec_.restore(coded, picture.shape[:2])
        difference = np.abs(ours.astype(int) - theirs)
        assert difference.max() <= 1  # float sums in another order
        assert (difference > 0).mean() < 1e-3
        assert np.abs(theirs.astype(int) - picture).max() > 10  # it does something


def test_grey_is_coded_as_the_codec_codes_it(pair, images):
    run, _ = pair
    grey = luma(images[1])  # of odd sides
    coding = samples.code(grey, 2, "flat", 30, run.get_change(2))
    codec_ = codec(run, 2)
    coded = codec_.encode(codec_.compact(grey), 30)
    assert coding.bytes == len(coded)
    decoded = jpeg.decode(coded).astype(np.float32) / 255
    enlarged = resample.enlarge(decoded, 2, grey.shape[:2]).repeat(3, axis=2)
    np.testing.assert_array_equal(coding.enlarged, enlarged)
    np.testing.assert_array_equal(coding.image, grey.repeat(3, axis=2))


def test_comcnn_begins_as_the_plain_reduction_and_learns_to_do_better(images, tmp_path):
    run = JointRun(TINY, tmp_path, images, later_is_better)
    image = run.images[0][None].astype(np.float32) / 255
    change = run.get_change(2)(image)
    assert change.shape == image.shape
    np.testing.assert_array_equal(change, 0)
    assert run.get_change(1) is None

    step, _ = run._build_step(STAGES[1])
    step.compile(keras.optimizers.Adam(1e-3), loss=run._loss, jit_compile=False)

    def batch() -> samples.Batch:
        """Always the same patches, coded as ComCNN would have them now."""
        rng = np.random.default_rng(3)
        changes = {2: run.get_change(2)}
        return next(joint_step.draw_batches(run.images, changes, TINY, rng))

    losses = [float(step.train_on_batch(*batch())) for _ in range(15)]
    assert losses[-1] < 0.97 * losses[0]


@pytest.mark.parametrize("scale", [1.5, 2])
def test_the_bits_of_the_loss_are_those_of_the_file(pair, scale):
    run, draw = pair
    inputs, image, _ = draw(scale=scale)
    step = JointStep(run.comcnn, run.reccnn, scale)
    step(inputs)
    (bits_per_pixel,) = (float(loss) for loss in step.losses)
    settings = samples.build_settings("flat")
    compact = samples.reduce(image, scale, run.get_change(scale))
    empty = len(jpeg.encode(np.full(compact[0].shape, 128, np.uint8), 30, settings))
    files = [jpeg.encode(samples.to_uint8(c), 30, settings) for c in compact]
    bits = sum(8 * (len(file) - empty) for file in files)
    assert bits_per_pixel == pytest.approx(bits / image[..., 0].size, rel=1e-4)


def test_bits_of_coarse_steps_and_of_fine_ones_are_not_mixed():
    update = Calibration().update
    update(np.array([1, 1, 128]), np.array([100, 200, 50]), np.array([50, 50, 100]))
    factor = update(np.array([128, 1.2]), np.array([50, 30]), np.array([100, 10]))
    np.testing.assert_allclose(factor, [0.5, (0.9 * 300 + 30) / (0.9 * 100 + 10)])


def test_the_price_of_a_bit_grows_with_the_square_of_the_step(pair):
    _, draw = pair
    found = {}
    for quality in (20, 60):
        (_, _, steps, _, _), _, weights = draw(quality)
        assert np.ptp(weights) == 0
        mean = steps[0, 0].mean()
        found[quality] = weights[0] * (2 * mean / 255) ** 2 * TINY.bit_price
    assert list(found.values()) == pytest.approx([1, 1], rel=1e-5)


@pytest.mark.slow
def test_one_comcnn_learns_at_several_scales_by_their_shares(images, tmp_path):
    config = replace(
        TINY, scales=(1, 1.5, 2), scale_shares=(0.2, 0.2, 0.6), compact_scales=(1.5, 1),
        qualities=((30, 30),) * 3, stages=(replace(STAGES[1], epochs=1),),
        epoch_batches=4, patch_px=96, joint_patch_px=96,
    )  # fmt: skip
    run = JointRun(config, tmp_path, images, later_is_better)
    run.train()
    assert np.isfinite(run.log.rows("epoch")[0]["loss"])
    image = run.images[0][None].astype(np.float32) / 255
    assert np.abs(run.get_change(1)(image) - run.get_change(1.5)(image)).max() > 0
    assert run.get_change(2) is None

    def none(images):
        return np.zeros_like(images)

    config = replace(
        config, epoch_batches=60, joint_batch=1, scale_shares=(0.2, 0.6, 0.2)
    )
    drawn = joint_step.draw_batches(
        run.images, {1: none, 1.5: none}, config, np.random.default_rng(0)
    )
    sides = [inputs[1].shape[1] for inputs, _, _ in drawn]
    assert set(sides) == {96, 64}
    assert 0.6 < sides.count(64) / 60 < 0.9


# What RecCNN sees


def test_grey_codings_are_three_equal_channels(images):
    config = replace(TINY, grey_share=1.0)
    for coding in samples.draw(images, config, np.random.default_rng(0), {}):
        for pixels in (coding.image, coding.enlarged):
            assert pixels.shape[2] == 3
            np.testing.assert_array_equal(pixels, pixels[..., :1].repeat(3, axis=2))
        assert coding.image.std() > 10


def test_patches_are_aligned_and_stay_on_the_grid_of_the_jpeg():
    y, x = np.mgrid[:256, :192].astype(np.uint8)
    image = np.stack([y, x, y], axis=-1)
    enlarged = image.astype(np.float32) / 255
    coding = Coding(image, enlarged, np.zeros(5, np.float32), 32, 0.01, 1)
    config = replace(TINY, epoch_batches=40)
    corners = set()
    rng = np.random.default_rng(0)
    for (cut, _), target, _ in samples.draw_batches([coding], config, rng):
        assert cut.shape == (2, 32, 32, 3)
        np.testing.assert_array_equal(cut, target)
        for patch in np.rint(target * 255).astype(int):
            corners.add((patch[..., 0].min(), patch[..., 1].min()))
    assert {n % 32 for corner in corners for n in corner} == {0}
    assert len(corners) > 35  # of 8 times 6


def test_a_patch_weighs_what_its_whole_picture_lost(images):
    drawn = samples.draw(images[:1], TINY, np.random.default_rng(0), {})
    told = {coding.condition.tobytes(): coding for coding in drawn}
    for (_, conditions), _, weights in samples.draw_batches(
        drawn, TINY, np.random.default_rng(1)
    ):
        for condition, weight in zip(conditions, weights, strict=True):
            coding = told[condition.tobytes()]
            lost = np.mean((coding.enlarged - coding.image / np.float32(255)) ** 2)
            assert weight == pytest.approx(1 / (lost + 2 / 255**2), rel=1e-4)


# The judge


def test_a_curve_is_straight_in_the_logarithm_of_the_rate_and_beyond_its_ends():
    curve = ([0.25, 0.5, 1.0], [20.0, 21.0, 23.0])
    found = [read_at_rate(curve, r) for r in (0.125, 0.25, 2**-1.5, 0.5, 1.0, 2.0)]
    assert found == pytest.approx([19, 20, 20.5, 21, 23, 25])


def test_the_judge_compares_at_equal_bytes_and_refuses_what_is_too_small(unbroken):
    with pytest.raises(UsageError, match="none of the 1 validation pictures has 256x"):
        Validation([waves(255, 600, 1)])
    judge = Validation([waves(260, 300, 1), waves(200, 300, 2)])
    assert [picture.shape for picture in judge.pictures] == [(256, 256, 3)]
    row = judge(unbroken)
    names = ["1_0.25", "1_0.5", "1_1.0", "2_0.15", "2_0.25"]
    assert list(row) == ["gain_db", *(f"gain_db_{name}" for name in names)]
    each = list(row.values())[1:]
    assert row["gain_db"] == pytest.approx(np.mean(each), abs=1e-3)
    assert all(abs(gain_db) < 15 for gain_db in each)


# What it begins with


def test_a_run_can_begin_from_another_one_and_gain_a_comcnn(unbroken, images, tmp_path):
    config = replace(TINY, start=str(unbroken.folder))
    run = JointRun(config, tmp_path / "begun", images, later_is_better)
    ours, best = weights(run), checkpoint.load(unbroken.folder / BEST)
    for name, value in best.items():
        np.testing.assert_array_equal(ours[name], value)
    alone = {k: v for k, v in best.items() if k.startswith("reccnn")}
    np.savez(tmp_path / BEST, **alone)
    config = replace(TINY, start=str(tmp_path))
    run = JointRun(config, tmp_path / "gained", images, later_is_better)
    np.testing.assert_array_equal(weights(run)["reccnn_0"], best["reccnn_0"])
    assert not run.get_change(2)(np.ones((1, 32, 32, 3), np.float32)).any()


@pytest.mark.parametrize(
    ("start", "complaint"),
    [
        ("absent", "no preset is called 'absent'"),
        ("jiang2017-gray-q50", "is no pair of the comrec family"),
        ("plain", "is no pair of the comrec family"),
        ("empty", r"checkpoint\.npz: not a checkpoint"),
        ("other", "has networks of another size. widths, blocks"),
    ],
)
def test_a_start_that_does_not_fit_is_refused(
    unbroken, images, tmp_path, monkeypatch, start, complaint
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "other").symlink_to(unbroken.folder)
    config = replace(TINY, start=start, widths=(6,))
    with pytest.raises(UsageError, match=complaint):
        JointRun(config, tmp_path / "run", images, later_is_better)
    assert not (tmp_path / "run").exists()


def test_a_preset_of_the_family_of_another_size_is_refused(
    unbroken, images, tmp_path, monkeypatch
):
    file = presets.find("jiang2017-gray-q50").weights["reccnn"]
    preset = replace(
        presets.find("jiang2017-gray-q50"), name="ours", family="comrec",
        weights={"reccnn": file}, sizes={"reccnn": {"widths": (8,), "blocks": (1,)}},
    )  # fmt: skip
    monkeypatch.setattr(presets, "PRESETS", {"ours": preset})
    with pytest.raises(UsageError, match=r"another size\. widths, blocks"):
        JointRun(replace(TINY, start="ours"), tmp_path, images, later_is_better)


# Folders and pictures


def test_a_folder_with_another_run_in_it_is_refused(unbroken, images):
    def begin(config: JointConfig, **how: object) -> JointRun:
        return JointRun(config, unbroken.folder, images, later_is_better, **how)

    for other in (replace(TINY, seed=1), replace(TINY, bit_price=0.2), TINY.limited(1)):
        with pytest.raises(UsageError, match="holds the config of another run"):
            begin(other, resume=True)
    with pytest.raises(UsageError, match=r"holds a run\. Go on with it by --resume"):
        begin(TINY)
    assert JointConfig.load(unbroken.folder / "config.json") == TINY


def test_a_run_of_an_earlier_version_goes_on_with_more_stages(
    unbroken, images, tmp_path
):
    """It knows nothing of the step through the codec but another price."""
    record = json.loads(TINY.dump())
    for name in ("joint_batch", "joint_patch_px"):
        del record[name]
    record |= {"bit_price": 0.1, "stages": record["stages"][:1]}
    (tmp_path / "config.json").write_text(json.dumps(record))
    state = checkpoint.load(unbroken.folder / "checkpoint.npz")
    for name in [name for name in state if name.startswith("comcnn_")]:
        state[name.replace("_", "2_")] = state.pop(name)  # one for each scale, then
    state["progress"] = np.array([1, 0])
    checkpoint.save(tmp_path / "checkpoint.npz", state)
    run = JointRun(TINY, tmp_path, images, later_is_better, resume=True)
    assert (run.phase, run.epoch) == (1, 0)
    assert not run.get_change(2)(np.ones((1, 32, 32, 3), np.float32)).any()
    assert JointConfig.load(tmp_path / "config.json") == TINY


def test_a_run_goes_on_with_the_pictures_it_began_with(images, tmp_path):
    def begin(**how: object) -> JointRun:
        return JointRun(TINY, tmp_path, images, later_is_better, **how)

    run = begin(pictures={"pictures": 3})
    run._record(event="start", **run.pictures)
    run._checkpoint(None)
    with pytest.raises(UsageError, match="pictures was 3, is 4"):
        begin(pictures={"pictures": 4}, resume=True)


def test_pictures_smaller_than_a_patch_are_left_out(images, tmp_path):
    run = JointRun(TINY, tmp_path, images, later_is_better)
    assert [image.shape[:2] for image in run.images] == [(96, 128), (70, 101)]
    with pytest.raises(UsageError, match="none of the training pictures has 64x64"):
        JointRun(TINY, tmp_path, images[2:], later_is_better)


# The config


def test_the_shipped_configs_load_and_survive_json(tmp_path):
    paths = [*FOLDER.glob("comrec-*.json")]
    assert paths
    for path in paths:
        config = JointConfig.load(path)
        (tmp_path / path.name).write_text(config.dump())
        assert JointConfig.load(tmp_path / path.name) == config
        assert len(config.quick().stages) == len(config.stages)


STAGE = {"learns": "reccnn", "epochs": 1, "rate_start": 0.1, "rate_end": 0.1}
BAD_STAGE = {"learns": "reccnn", "epochs": 0, "rate_start": 1, "rate_end": 1}


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("sead", 1, "unknown settings sead"),
        ("stages", [], "stages must be one or more"),
        ("stages", 3, "stages must be one or more"),
        ("stages", [{}], "no epochs, learns, rate_end, rate_start in a stage"),
        ("stages", [BAD_STAGE | {"x": 1}], "unknown settings x"),
        ("stages", [BAD_STAGE], "whole epochs"),
        ("stages", [BAD_STAGE | {"epochs": 1, "learns": "all"}], "whole epochs"),
        ("stages", [STAGE | {"average": 1}], "average from 0 to below 1"),
        ("stages", [STAGE | {"average": "0"}], "average from 0 to below 1"),
        ("stages", [7], "a stage must be an object"),
        ("widths", [], "widths must be whole numbers from 1"),
        ("widths", 64, "widths must be whole numbers from 1"),
        ("widths", [4, 6], r"blocks must be 2n - 1 .* Received: \(1,\)"),
        ("blocks", [1.5], "blocks must be whole numbers from 1"),
        ("scales", [1, 1], "scales must be different multiples of a half from 1 to 8"),
        ("scales", [1, 1.2], "scales must be different multiples of a half"),
        ("scales", [1, "2"], "scales must be different multiples of a half"),
        ("scales", [1], "scale_shares must be one for each of the scales"),
        ("scale_shares", [0.6, 0.5], "scale_shares must be numbers .* sum is 1"),
        ("scale_shares", ["a", 1], "scale_shares must be numbers .* sum is 1"),
        ("scale_shares", [-1, 2], "scale_shares must be numbers .* sum is 1"),
        ("compact_scales", [3], "compact_scales must be among scales"),
        ("compact_scales", [], "compact_scales must be one or more where ComCNN"),
        ("qualities", [[3, 92]], "qualities must be one for each of the scales"),
        ("qualities", [[92, 3], [6, 92]], "1 <= low <= high <= 100"),
        ("qualities", [[3, 101], [6, 92]], "1 <= low <= high <= 100"),
        ("tables", ["flat", "round"], "tables must be some of standard, flat"),
        ("tables", ["flat"], "table_shares must be one for each of the tables"),
        ("grey_share", 1.1, "grey_share must be a number from 0 to 1"),
        ("patch_px", 48, "patch_px must be a multiple of 32"),
        ("joint_patch_px", 63, "joint_patch_px must be a multiple of 32"),
        ("scales", [1.5, 2], "patch_px must be a multiple of 96"),
        ("batch", 0, "batch must be a whole number from 1"),
        ("codings", 2.5, "codings must be a whole number from 1"),
        ("bit_price", 0, "bit_price must be a number above 0"),
        ("bit_price", math.nan, "bit_price must be a number above 0"),
        ("precision", "float8", "precision must be one of"),
        ("seed", -1, "seed must be a whole number from 0"),
        ("start", None, "start must be"),
    ],
)
def test_a_config_that_makes_no_sense_is_refused_in_a_line(
    tmp_path, name, value, complaint
):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(json.loads(TINY.dump()) | {name: value}))
    with pytest.raises(UsageError, match=rf"config\.json: .*{complaint}") as err:
        JointConfig.load(path)
    assert "\n" not in str(err.value)


@pytest.mark.parametrize("text", ["", "[]", "7", "{", "{}", "\x00", "[" * 9999])
def test_a_file_that_is_no_config_is_refused_by_name(tmp_path, text):
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"config\.json: not a training config"):
        JointConfig.load(path)
