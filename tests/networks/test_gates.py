"""The gate of ordinary JPEGs takes what gained, and nothing by which one lost."""

from __future__ import annotations

import json

import pytest

from comrec.networks import gates, presets

POINTS = [
    # luma_step, chroma_step, (mean, least) by luma, by chroma, by both
    [5.0, 5.5, [0.5, 0.3], [0.4, 0.1], [0.9, 0.4]],
    [3.0, 3.5, [0.4, 0.2], [-0.2, -0.6], [0.2, -0.5]],
    [1.0, 1.5, [0.0, -0.2], [-3.0, -5.0], [-3.0, -5.0]],
]


@pytest.fixture
def table(monkeypatch, tmp_path):
    """A table of one preset and one sampling."""
    path = tmp_path / "gates.json"
    path.write_text(json.dumps({presets.DEFAULT: {"4:4:4": POINTS}}))
    monkeypatch.setattr(gates, "TABLE", path)
    gates._table.cache_clear()
    yield
    gates._table.cache_clear()


@pytest.mark.parametrize(
    ("steps", "decision"),
    [
        ((5, 5.5), (True, True, 0.9)), ((9, 9), (True, True, 0.9)),
        ((4, 4.5), (True, False, 0.45)),  # both would have lost 0.05 dB once
        ((3, 3.5), (True, False, 0.4)), ((1, 1.5), (False, False, 0.0)),
        ((0, 0), (False, False, 0.0)), ((5, 1.5), (True, False, 0.5)),
        ((1, 5.5), (False, True, 0.4)),
    ],
    ids=str,
)  # fmt: skip
def test_the_most_gain_is_taken_of_what_lost_nothing(table, steps, decision):
    found = gates.decide("unknown", "4:1:0", *steps)
    assert found[:2] == decision[:2]
    assert found.expected_db == pytest.approx(decision[2])


def test_chroma_may_be_left_out(table):
    found = gates.decide("x", "grey", 5, 5.5, takes_chroma=False)
    assert found == (True, False, 0.5)


def test_the_table_has_the_current_presets_and_every_sampling_in_order():
    measured = json.loads(gates.TABLE.read_bytes())
    assert set(measured) == {"comrec-base-3", "comrec-lite-2"}
    assert set(measured) <= set(presets.PRESETS)
    for samplings in measured.values():
        assert set(samplings) == {"4:2:0", "4:4:4", "4:2:2", "4:4:0", "4:1:1", "grey"}
        for points in samplings.values():
            steps = [point[0] for point in points]
            assert steps == sorted(steps, reverse=True)
            assert all(least <= mean for p in points for mean, least in p[2:])
