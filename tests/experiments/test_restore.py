"""The scripts of `comrec restore` write rows, and the docs show those that are kept."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from results import ROOT, tsv
from scripts import run

from comrec.networks import gates

pytest.importorskip("imagecodecs", reason="needs the eval extra")
PAGE = (ROOT / "docs/restore.md").read_text()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    small = Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8))
    (tmp_path / "set").mkdir()
    small.resize((96, 72), Image.Resampling.BICUBIC).save(tmp_path / "set/smooth.png")
    return tmp_path / "set"


def test_the_gate_is_made_of_its_rows(folder, tmp_path):
    rows, table = tmp_path / "rows.tsv", tmp_path / "gates.json"
    run(
        "experiments/quality/restore_gate.py", folder, "--quick", "--side", "48",
        "--presets", "comrec-lite-2", "--out", rows, "--gates", table,
    )  # fmt: skip
    assert len(rows.read_text().splitlines()) == 1 + 6 * 2
    points = json.loads(table.read_text())["comrec-lite-2"]["4:2:0"]
    assert len(points) == 2
    assert all(mean == least for *_, (mean, least) in points)


def test_rows_of_what_restore_gains(folder, tmp_path):
    out = tmp_path / "rows.tsv"
    said = run(
        "experiments/quality/restore.py", folder, "--quick", "--out", out,
        "--preset", "comrec-lite-2",
    )  # fmt: skip
    head, row = (line.split("\t") for line in out.read_text().splitlines())
    found = dict(zip(head, row, strict=True))
    assert (found["set"], found["quality"]) == ("set", "10")
    gain = float(found["restored_db"]) - float(found["decoded_db"])
    assert float(found["gain_db"]) == pytest.approx(gain, abs=0.0021)
    assert len(said.splitlines()) == 2


def test_the_gate_in_the_package_is_that_of_the_rows():
    kept = json.loads(gates.TABLE.read_bytes())
    rows = tsv("restore_gate")
    for preset, samplings in kept.items():
        for sampling, points in samplings.items():
            some = [
                row for row in rows
                if (row["preset"], row["sampling"]) == (preset, sampling)
            ]  # fmt: skip
            qualities = dict.fromkeys(row["quality"] for row in some)
            for quality, point in zip(qualities, points, strict=True):
                gains = [float(r["gain_db"]) for r in some if r["quality"] == quality]
                assert point[4] == [pytest.approx(np.mean(gains), abs=6e-4), min(gains)]


def test_nothing_is_worse_by_more_than_002_db_but_pictures_that_were_lossy():
    rows = tsv("restore")
    assert {row["set"] for row in rows} == {"kodak24", "set14", "set14, lossy"}
    for row in rows:
        assert float(row["gain_db"]) >= -0.02 or row["set"].endswith("lossy"), row


def test_of_what_was_saved_again_the_first_loss_is_undone():
    rows = tsv("restore_again")
    assert min(float(row["gain_db"]) for row in rows) > 0
    once = [float(r["gain_db"]) for r in tsv("restore") if r["quality"] == "50"]
    again = [float(r["gain_db"]) for r in rows if r["quality"] == "95"]
    assert np.mean(again) > 0.8 * np.mean(once)
