"""The log of a run survives a kill, and says with what the run was made."""

import pytest

keras = pytest.importorskip("keras", reason="needs the train extra")

from comrec.train.run.log import RunLog


def test_the_log_says_what_a_run_was_made_with(unbroken):
    start = unbroken.log.rows("start")[0]
    assert start["keras"] == keras.__version__


def test_a_line_that_a_kill_cut_short_is_not_taken_for_a_row(tmp_path):
    log = RunLog(tmp_path / "metrics.jsonl")
    log.add({"event": "epoch", "phase": 0, "epoch": 0})
    with open(log.path, "a") as file:
        file.write('{"event": "epoch", "pha')
    assert len(log.rows()) == 1
    log.rewind(0, 1)
    assert len(log.path.read_text().splitlines()) == 1
