"""What is asked of an alternating run becomes its config."""

import pytest

from comrec.apps.train import alternating
from comrec.errors import UsageError
from comrec.train.run.request import TrainRequest


def config(folder, **asked):
    request = TrainRequest("jiang2017-gray-q50", folder / "run", **asked)
    return alternating.read_config(request)


def test_rounds_and_settings_replace_those_of_the_config(tmp_path):
    made = config(tmp_path, length=6, changes=["width=8", "reduction=comcnn"])
    assert (len(made.rounds), made.width, made.reduction) == (6, 8, "comcnn")
    assert len(config(tmp_path).rounds) == 4


def test_a_trial_is_tiny(tmp_path):
    made = config(tmp_path, quick=True, length=1)
    assert (made.width, made.depth, len(made.rounds)) == (4, 3, 1)


def test_a_setting_that_is_illegal_is_refused_before_pictures_are_read(tmp_path):
    request = TrainRequest(
        "jiang2017-gray-q50", tmp_path, ["width=0"], data=[tmp_path / "absent"]
    )
    with pytest.raises(UsageError, match="width must be a whole number from 1"):
        alternating.train(request, print)
