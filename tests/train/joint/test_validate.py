"""An end-to-end run is scored at equal bytes."""

import numpy as np
import pytest

pytest.importorskip("keras", reason="needs the train extra")

from joint_runs import waves

from comrec.errors import UsageError
from comrec.train.joint.validate import Validation, read_at_rate


def test_a_curve_is_straight_in_the_logarithm_of_the_rate_and_beyond_its_ends():
    curve = ([0.25, 0.5, 1.0], [20.0, 21.0, 23.0])
    found = [read_at_rate(curve, r) for r in (0.125, 0.25, 2**-1.5, 0.5, 1.0, 2.0)]
    assert found == pytest.approx([19, 20, 20.5, 21, 23, 25])


def test_the_judge_compares_at_equal_bytes_and_refuses_what_is_too_small(
    joint_run,
):
    with pytest.raises(UsageError, match="none of the 1 validation pictures has 256x"):
        Validation([waves(255, 600, 1)])
    judge = Validation([waves(260, 300, 1), waves(200, 300, 2)])
    assert [picture.shape for picture in judge.pictures] == [(256, 256, 3)]
    row = judge(joint_run)
    names = ["1_0.25", "1_0.5", "1_1.0", "2_0.15", "2_0.25"]
    assert list(row) == ["gain_db", *(f"gain_db_{name}" for name in names)]
    each = list(row.values())[1:]
    assert row["gain_db"] == pytest.approx(np.mean(each), abs=1e-3)
    assert all(abs(gain_db) < 15 for gain_db in each)
