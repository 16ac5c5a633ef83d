"""What is asked of an end-to-end run becomes its config."""

import pytest

from comrec.apps.train import joint
from comrec.errors import UsageError
from comrec.train.run.request import TrainRequest


def test_stages_and_settings_replace_those_of_the_config(tmp_path):
    def config(**asked):
        return joint.read_config(TrainRequest("comrec-lite-2", tmp_path, **asked))

    made = config(length=1, changes=["stages.0.epochs=3", "widths=[8]"])
    assert (len(made.stages), made.stages[0].epochs, made.widths) == (1, 3, (8,))
    assert config(quick=True).widths == (4, 6)


def test_a_folder_without_pictures_is_refused_before_keras_is_loaded(tmp_path):
    with pytest.raises(UsageError, match="no picture in it"):
        joint.train(TrainRequest("comrec-lite-2", tmp_path, data=[tmp_path]), print)
