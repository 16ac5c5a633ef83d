"""A run leaves a table and a plot."""

import pytest

pytest.importorskip("keras", reason="needs the autoencoder extra")
pytest.importorskip("constriction", reason="needs the autoencoder extra")

from comrec.apps.autoencoder import show


def test_rows_and_plot_are_drawn_from_the_log(done):
    run, _ = done["dense"]
    show.draw(run.folder)
    lines = (run.folder / "epochs.tsv").read_text().splitlines()
    assert len(lines) == 5
    assert (run.folder / "curves.png").stat().st_size > 1000
