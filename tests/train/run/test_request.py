"""A run is trained with everything that listens to it, and says what it is."""

import pytest

from comrec.train.run.progress import Display, ProgressListener
from comrec.train.run.request import QUICK, OutOfTime, TrainRequest


class Told(ProgressListener):
    """Keeps the budget, and reports a batch and a row."""

    def __init__(self, listener):
        self.listener, self.budget_s = listener, None

    def train(self, budget_s):
        self.budget_s = budget_s
        self.listener.on_batch("x", 1, 2, 0.5)
        self.listener.on_row({"event": "start"})


class Kept(Display):
    """Keeps what a display is told."""

    def __init__(self):
        super().__init__()
        self.told = []

    def on_batch(self, *args):
        self.told.append(args)

    def on_row(self, row):
        self.told.append(row["event"])


def test_the_minutes_are_a_budget_in_seconds_and_the_display_hears_all(tmp_path):
    display = Kept()
    run = TrainRequest("x", tmp_path, minutes=2).train(Told, display)
    assert run.budget_s == 120
    assert display.told == [("x", 1, 2, 0.5), "start"]


def test_a_trial_and_a_run_that_continues_none_say_so(tmp_path):
    said = []
    TrainRequest("x", tmp_path, quick=True, resume=True).say_what_it_is(said.append)
    assert said == [QUICK, f"{tmp_path}: no run to resume. Starting a new one"]
    (tmp_path / "checkpoint.npz").touch()
    said.clear()
    TrainRequest("x", tmp_path, resume=True).say_what_it_is(said.append)
    assert said == []


@pytest.mark.parametrize(("epochs", "said"), [(0, "larger budget"), (3, "`resume`")])
def test_a_run_out_of_time_says_what_to_do(epochs, said):
    assert said in str(OutOfTime(epochs))
