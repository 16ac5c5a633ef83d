"""Rows of a run as event files of TensorBoard."""

import sys

import pytest

from comrec.errors import UsageError
from comrec.train.run.tensorboard import FOLDER, TensorBoard


def test_without_tensorboard_one_line_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(UsageError, match=r"`tensorboard`: not installed. pip install"):
        TensorBoard(tmp_path)


def test_the_numbers_of_epochs_and_validations_stand_at_their_batch(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing import event_file_loader

    with TensorBoard(tmp_path) as board:
        board.on_row({"event": "start", "time_s": 1.0, "keras": "3"})
        board.on_batch("x", 7, 9, 0.5)
        row = {"time_s": 2.0, "phase": 0, "epoch": 0}
        board.on_row(row | {"event": "epoch", "loss": 0.25, "learns": "reccnn"})
        board.on_row(row | {"event": "validation", "gain_db": 1.5})
    (path,) = (tmp_path / FOLDER).iterdir()
    found = [
        (event.step, value.tag, value.simple_value)
        for event in event_file_loader.LegacyEventFileLoader(str(path)).Load()
        for value in event.summary.value
    ]
    assert found == [(7, "epoch/loss", 0.25), (7, "validation/gain_db", 1.5)]
