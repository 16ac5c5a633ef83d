"""The constants that rounds are steered by are those of the rows."""

from __future__ import annotations

import csv
import runpy
from dataclasses import asdict
from pathlib import Path

import pytest

from comrec.encoder.fitted import FITTED

EXPERIMENTS = Path(__file__).parents[2] / "experiments"


def test_the_fitted_constants_are_those_of_the_rows(monkeypatch):
    monkeypatch.syspath_prepend(EXPERIMENTS / "quality")
    script = runpy.run_path(str(EXPERIMENTS / "quality" / "fit_rounds.py"))
    with (EXPERIMENTS / "results" / "fit_rounds.tsv").open() as file:
        found = [
            script["Row"](
                row["picture"], float(row["scale"]), float(row["step"]),
                float(row["octaves"]), int(row["round"]), int(row["bytes"]),
                float(row["shown_db"]),
                float(row["found_db"]) if row["found_db"] else None,
            )
            for row in csv.DictReader(file, delimiter="\t")
        ]  # fmt: skip
    assert script["fit"](found) == pytest.approx(asdict(FITTED), abs=0.006)
