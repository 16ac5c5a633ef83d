"""A run leaves tables and a plot."""

import pytest

pytest.importorskip("keras", reason="needs the train extra")

from comrec.train.run import curves


def test_a_run_leaves_tables_and_curves(joint_run, tmp_path):
    curves.draw(joint_run.folder)
    head, *rows = (joint_run.folder / "validation.tsv").read_text().splitlines()
    assert head.split("\t") == ["epochs", "gain_db", "gain_db_1_0.25"]
    assert [row.split("\t")[0] for row in rows] == list("12345")
    head, *rows = (joint_run.folder / "epochs.tsv").read_text().splitlines()
    assert head.split("\t") == list(curves.JOINT_EPOCH)
    assert len(rows) == 5
    assert (joint_run.folder / "curves.png").stat().st_size > 10_000
    assert not (joint_run.folder / "rounds.tsv").exists()
