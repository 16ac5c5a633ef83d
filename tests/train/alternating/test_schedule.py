"""The alternating scheme on a tiny run: what moves, what stands still, what ends it."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("keras", reason="needs the train extra")

from alternating_runs import FOREVER, TINY, better

from comrec.errors import UsageError
from comrec.image import resample
from comrec.train.alternating import steps
from comrec.train.alternating.config import Phase
from comrec.train.alternating.finished import FinishedRound
from comrec.train.alternating.schedule import AlternatingRun
from comrec.train.run.config import LearningRate
from comrec.train.run.progress import ProgressListener


def test_every_phase_is_logged_once_with_a_finite_loss(unbroken):
    epochs = unbroken.log.rows("epoch")
    assert [(r["round"], r["network"], r["epoch"]) for r in epochs] == [
        (-1, "comcnn", 0), (-1, "comcnn", 1), (0, "reccnn", 0), (0, "reccnn", 1),
        (1, "comcnn", 0), (1, "comcnn", 1), (1, "reccnn", 0),
    ]  # fmt: skip
    assert all(np.isfinite(r["loss"]) and r["steps"] == 5 for r in epochs)
    assert [r["round"] for r in unbroken.log.rows("validation")] == [0, 1]


@pytest.mark.parametrize(
    ("gains", "rounds"), [((0.5, 0.019, 9), 3), ((0.5, 0.021, -1, 9), 4), ((9, 9), 3)]
)
def test_rounds_end_when_one_gains_less_than_two_hundredths(
    crops, tmp_path, monkeypatch, gains, rounds
):
    """The last of the gains would be large, and is not tried."""
    monkeypatch.setattr(AlternatingRun, "_train_phase", lambda self, phase: None)
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
    config = replace(
        TINY, channels=3, estimator="ste", rate_weight=1e-3, rounds=rounds,
        warmup_epochs=0,
    )  # fmt: skip
    run = AlternatingRun(config, tmp_path, crops.repeat(3, axis=3), better)
    run.train()
    assert run.comcnn.output_shape[-1] == 3
    assert all(np.isfinite(row["loss"]) for row in run.log.rows("epoch"))


def test_more_rounds_at_the_end_do_not_make_it_another_run(unbroken, crops, tmp_path):
    shutil.copytree(unbroken.folder, tmp_path, dirs_exist_ok=True)
    longer = AlternatingRun(TINY.limited(3), tmp_path, crops, better, resume=True)
    longer.train()
    assert [r["round"] for r in longer.log.rows("validation")] == [0, 1, 2]
    with pytest.raises(UsageError, match="holds the config of another"):
        AlternatingRun(TINY.limited(1), tmp_path, crops, better, resume=True)


def test_too_few_pictures_for_a_batch_are_refused(crops, tmp_path):
    run = AlternatingRun(
        replace(TINY, batch=1000, epoch_patches=FOREVER), tmp_path, crops, better
    )
    with pytest.raises(UsageError, match="fewer than 1000 patches"):
        run.train()
