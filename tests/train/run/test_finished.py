"""Both kinds of training end in trained pairs, of which a release is made."""

import pytest

keras = pytest.importorskip("keras", reason="needs the train extra")

from comrec.train.alternating.finished import FinishedRound
from comrec.train.joint.finished import FinishedJoint
from comrec.train.run.finished import PICTURES, TrainedPair

PARTS = {"load_models", "derive_preset", "describe", "tabulate_validation"}


@pytest.mark.parametrize("kind", [FinishedRound, FinishedJoint])
def test_a_finished_run_is_a_trained_pair_with_every_part(kind):
    assert issubclass(kind, TrainedPair)
    assert not kind.__abstractmethods__
    assert kind.table_note.endswith(".")


def test_a_pair_that_leaves_a_part_out_cannot_be_made():
    assert TrainedPair.__abstractmethods__ == PARTS

    class Half(TrainedPair):
        def load_models(self) -> tuple[keras.Model, ...]:
            return ()

    with pytest.raises(TypeError, match="abstract method"):
        Half()


def test_cards_say_what_networks_of_one_and_of_three_channels_take():
    assert set(PICTURES) == {1, 3}
