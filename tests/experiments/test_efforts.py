"""Tests the rows of what efforts cost and gain."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def efforts(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "experiments" / "quality")
    script = ROOT / "experiments" / "quality" / "efforts.py"
    return SimpleNamespace(**runpy.run_path(str(script)))


def row(efforts, effort, size, psnr_db, encode_s):
    return efforts.Row(
        "p", "a.png", 100, 50, effort, "comrec", 1, size, psnr_db, encode_s
    )


def test_bytes_are_compared_at_the_psnr_of_effort_0(efforts):
    slope = efforts.FITTED.log2_bytes_per_db
    found = [
        row(efforts, 0, 1000, 30.0, 1.0), row(efforts, 5, 1000, 30.0 + 1 / slope, 5)
    ]  # fmt: skip
    first, last = efforts.summarise(found)
    assert first == efforts.Line("p", 0, 0.0, 0.0, 1.0)
    assert last == efforts.Line("p", 5, -50.0, round(1 / slope, 2), 5.0)


def test_a_higher_effort_writes_fewer_bytes_in_the_rows(efforts):
    lines = (ROOT / "experiments" / "results" / "efforts.tsv").read_text().splitlines()
    kinds = (str, str, int, int, int, str, float, int, float, float)
    found = [
        efforts.Row(*(k(c) for k, c in zip(kinds, line.split("\t"), strict=True)))
        for line in lines[1:]
    ]
    for preset in {each.preset for each in found}:
        shown = efforts.summarise([each for each in found if each.preset == preset])
        assert [line.effort for line in shown] == list(range(10))
        assert shown[0].gain_db < shown[5].gain_db < shown[9].gain_db
