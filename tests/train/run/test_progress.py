"""Rows of the log are told in words."""

import pytest

pytest.importorskip("keras", reason="needs the train extra")

from comrec.train.run.progress import Display


def test_rows_are_told_in_words(joint_run, capsys):
    told = []
    with Display(lambda: told.append("drawn")) as show:
        for row in joint_run.log.rows()[:3]:
            show.on_row(row)
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("stage 0, reccnn, epoch 0: loss ")
    assert second == (
        "stage 0, epoch 0: +0.00 dB above plain JPEG at its bytes "
        "(scale 1, 0.25 bpp: +0.00)"
    )
    assert told == ["drawn"]
