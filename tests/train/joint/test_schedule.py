"""Training end to end on a tiny run: what moves, what is kept, what resumes."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="needs the train extra")

from joint_runs import (
    STAGES,
    TINY,
    Keeps,
    StopsAt,
    later_is_better,
    weights,
)

from comrec.errors import UsageError
from comrec.networks import presets
from comrec.train.joint import samples
from comrec.train.joint import step as joint_step
from comrec.train.joint.config import JointConfig, Stage
from comrec.train.joint.schedule import BEST, JointRun
from comrec.train.run import checkpoint
from comrec.train.run.progress import ProgressListener
from comrec.train.run.run import DivergedError


def test_every_epoch_is_logged_and_judged_once_with_a_finite_loss(joint_run):
    epochs, judged = (
        joint_run.log.rows("epoch"),
        joint_run.log.rows("validation"),
    )
    assert [(r["phase"], r["learns"], r["epoch"]) for r in epochs] == [
        (0, "reccnn", 0), (0, "reccnn", 1), (1, "comcnn", 0), (1, "comcnn", 1),
        (2, "both", 0),
    ]  # fmt: skip
    assert [(r["phase"], r["epoch"]) for r in judged] == [
        (r["phase"], r["epoch"]) for r in epochs
    ]
    assert all(np.isfinite(r["loss"]) and r["steps"] == 3 for r in epochs)


def test_only_the_networks_of_a_stage_move(joint_run, listener):
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


@pytest.mark.slow
def test_a_run_stopped_in_either_kind_of_stage_resumes_to_the_same_bits(
    joint_run, images, tmp_path
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
    ours, theirs = weights(resumed), weights(joint_run)
    for name, value in theirs.items():
        np.testing.assert_array_equal(ours[name], value, err_msg=name)
    for event, columns in (("epoch", ("phase", "epoch", "loss", "rate")),
                           ("validation", ("phase", "epoch", "gain_db"))):  # fmt: skip
        ours, theirs = (
            [[row[c] for c in columns] for row in run.log.rows(event)]
            for run in (resumed, joint_run)
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


@pytest.mark.slow
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


def test_a_run_can_begin_from_another_one_and_gain_a_comcnn(
    joint_run, images, tmp_path
):
    config = replace(TINY, start=str(joint_run.folder))
    run = JointRun(config, tmp_path / "begun", images, later_is_better)
    ours, best = weights(run), checkpoint.load(joint_run.folder / BEST)
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
    joint_run, images, tmp_path, monkeypatch, start, complaint
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "other").symlink_to(joint_run.folder)
    config = replace(TINY, start=start, widths=(6,))
    with pytest.raises(UsageError, match=complaint):
        JointRun(config, tmp_path / "run", images, later_is_better)
    assert not (tmp_path / "run").exists()


def test_a_preset_of_the_family_of_another_size_is_refused(
    joint_run, images, tmp_path, monkeypatch
):
    file = presets.find("jiang2017-gray-q50").weights["reccnn"]
    preset = replace(
        presets.find("jiang2017-gray-q50"), name="ours", family="comrec",
        weights={"reccnn": file}, sizes={"reccnn": {"widths": (8,), "blocks": (1,)}},
    )  # fmt: skip
    monkeypatch.setattr(presets, "PRESETS", {"ours": preset})
    with pytest.raises(UsageError, match=r"another size\. widths, blocks"):
        JointRun(replace(TINY, start="ours"), tmp_path, images, later_is_better)


def test_a_folder_with_another_run_in_it_is_refused(joint_run, images):
    def begin(config: JointConfig, **how: object) -> JointRun:
        return JointRun(config, joint_run.folder, images, later_is_better, **how)

    for other in (replace(TINY, seed=1), replace(TINY, bit_price=0.2), TINY.limited(1)):
        with pytest.raises(UsageError, match="holds the config of another run"):
            begin(other, resume=True)
    with pytest.raises(UsageError, match=r"holds a run\. Go on with it by `resume`"):
        begin(TINY)
    assert JointConfig.load(joint_run.folder / "config.json") == TINY


def test_a_run_of_an_earlier_version_goes_on_with_more_stages(
    joint_run, images, tmp_path
):
    """It knows nothing of the step through the codec but another price."""
    record = json.loads(TINY.dump())
    for name in ("joint_batch", "joint_patch_px"):
        del record[name]
    record |= {"bit_price": 0.1, "stages": record["stages"][:1]}
    (tmp_path / "config.json").write_text(json.dumps(record))
    state = checkpoint.load(joint_run.folder / "checkpoint.npz")
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
