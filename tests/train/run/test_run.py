"""A run stops, resumes to the same weights, and refuses the folder of another run."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("keras", reason="needs the train extra")

from alternating_runs import TINY, StopsAt, better, places, weights

from comrec.errors import UsageError
from comrec.train.alternating.config import TrainConfig
from comrec.train.alternating.schedule import AlternatingRun
from comrec.train.run import checkpoint
from comrec.train.run.progress import ProgressListener
from comrec.train.run.run import DivergedError, OutOfTime


@pytest.mark.slow
def test_a_run_stopped_anywhere_resumes_to_the_same_weights(unbroken, crops, tmp_path):
    def resume(**how: object) -> AlternatingRun:
        return AlternatingRun(TINY, tmp_path, crops, better, resume=True, **how)

    stopped = []
    for batches in (1, 6, 12, 12):
        run = resume(listener=StopsAt(batches))
        with pytest.raises(KeyboardInterrupt):
            run.train()
        stopped.append((run.phase, run.epoch))
    assert stopped == [(0, 0), (0, 1), (1, 1), (2, 1)]
    resumed = resume()
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


def test_a_folder_with_another_run_in_it_is_refused(unbroken, crops):
    other = replace(TINY, compact_quality=10)
    with pytest.raises(UsageError, match=r"config\.json: holds the config of another"):
        AlternatingRun(other, unbroken.folder, crops, better, resume=True)
    assert TrainConfig.load(unbroken.folder / "config.json") == TINY


def test_a_run_goes_on_with_the_pictures_it_began_with(crops, tmp_path):
    def begin(**how: object) -> AlternatingRun:
        return AlternatingRun(TINY, tmp_path, crops, better, **how)

    run = begin(pictures={"crops": 6, "crops_crc32": 1})
    run._record(event="start", **run.pictures)
    run._checkpoint(None)
    with pytest.raises(UsageError, match=r"crops_crc32 was 1, is 2.*Give it the same"):
        begin(pictures={"crops": 6, "crops_crc32": 2}, resume=True)
    begin(pictures={"crops": 6, "crops_crc32": 1}, resume=True)


@pytest.mark.slow
def test_a_kill_between_row_and_checkpoint_leaves_no_row_twice(
    unbroken, crops, tmp_path, monkeypatch
):
    """With --resume and, where there was no checkpoint yet, without it."""
    for first in (0, 3):
        saved = []

        def save(path, state, saved=saved, first=first, really=checkpoint.save):
            saved.append(path)
            if len(saved) > first:
                raise KeyboardInterrupt
            really(path, state)

        with monkeypatch.context() as patch:
            patch.setattr("comrec.train.alternating.schedule.checkpoint.save", save)
            with pytest.raises(KeyboardInterrupt):
                AlternatingRun(TINY, tmp_path, crops, better).train()
    resumed = AlternatingRun(TINY, tmp_path, crops, better, resume=True)
    resumed.train()
    assert places(resumed) == places(unbroken)


def test_a_run_is_not_begun_again_over_itself(unbroken, crops):
    with pytest.raises(UsageError, match=r"holds a run\. Go on with it by `resume`"):
        AlternatingRun(TINY, unbroken.folder, crops, better)


@pytest.mark.parametrize(
    ("network", "rounds", "after", "where"),
    [
        ("comcnn", TINY.rounds[1:], 5, "round 0, comcnn, epoch 1, batch 0"),
        ("reccnn", TINY.rounds[:1], 6, "round 0, reccnn, epoch 1, batch 1"),
    ],
    ids=["comcnn", "reccnn"],
)
def test_a_loss_that_is_not_finite_stops_the_run_and_says_where(
    crops, tmp_path, network, rounds, after, where
):
    config = replace(TINY, rounds=rounds, warmup_epochs=0)
    run = AlternatingRun(config, tmp_path, crops, better)

    class Poison(ProgressListener):
        def on_batch(self, phase, done, total, loss):
            if done == after:
                variable = getattr(run, network).layers[-1].bias
                variable.assign(np.full(variable.shape, np.nan, np.float32))

    run.listener = Poison()
    with pytest.raises(DivergedError, match=f"{where}.*the loss is nan"):
        run.train()
