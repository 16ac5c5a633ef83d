"""A run begins from a preset or from another run, or refuses to."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("keras", reason="needs the train extra")

from alternating_runs import TINY, better, weights

from comrec.errors import UsageError
from comrec.train.alternating.schedule import AlternatingRun


def test_a_pair_can_begin_from_another_run(unbroken, crops, tmp_path):
    config = replace(TINY, start=str(unbroken.folder))
    run = AlternatingRun(config, tmp_path, crops, better)
    for ours, theirs in zip(weights(run), weights(unbroken), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert all(phase.round >= 0 for phase in run.phases)


def test_a_pair_can_begin_from_a_preset(crops, tmp_path):
    config = replace(TINY, start="jiang2017-gray-q50-2", width=64, depth=20)
    run = AlternatingRun(config, tmp_path, crops, better)
    assert run.reccnn.count_params() == 670_529


@pytest.mark.parametrize(
    ("start", "complaint"),
    [
        ("absent", "no preset is called 'absent'"),
        ("jiang2017-gray-q50-2", "has networks of another size"),
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
