"""The gate of ordinary JPEGs takes shares by what is left of a block, or nothing."""

from __future__ import annotations

import json

import numpy as np
import pytest

from comrec.networks import gates, presets
from comrec.networks.gates import KINDS, NOTHING

LUMA, CHROMA = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7], [0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.0]
NONE = [0.0] * len(KINDS)
POINTS = [
    # luma_step, chroma_step, shares of luma, of chroma, (mean, least) gain
    [5.0, 5.5, LUMA, CHROMA, [0.9, 0.4]],
    [3.0, 3.5, LUMA, NONE, [0.5, 0.2]],
    [1.0, 1.5, NONE, NONE, [0.1, -0.2]],
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


@pytest.mark.parametrize("steps", [(5, 5.5), (9, 9)], ids=str)
def test_beyond_what_was_measured_the_ends_hold(table, steps):
    found = gates.decide("unknown", "4:1:0", *steps)
    assert found == (tuple(LUMA), tuple(CHROMA), 0.9)


def test_shares_lie_between_those_of_the_nearest_steps(table):
    found = gates.decide("unknown", "4:1:0", 4, 4)
    np.testing.assert_allclose(found.luma, LUMA)
    np.testing.assert_allclose(found.chroma, np.array(CHROMA) / 4)
    assert found.expected_db == pytest.approx(0.6)  # of the step that gains less


@pytest.mark.parametrize("steps", [(1, 1.5), (0, 0), (5, 1.5), (1, 5.5)], ids=str)
def test_nothing_is_taken_where_a_validation_picture_lost(table, steps):
    found = gates.decide("x", "4:4:4", *steps)
    assert found == NOTHING
    assert not found.gains


def test_blocks_are_told_apart_by_what_is_left_of_them():
    assert gates.kinds_of(np.array([[0, 1, 3], [4, 20, 63]])).tolist() == [
        [0, 1, 2], [3, 5, 6],
    ]  # fmt: skip


def test_the_table_has_the_current_presets_and_every_sampling_in_order():
    measured = json.loads(gates.TABLE.read_bytes())
    assert set(measured) == {"comrec-base-3", "comrec-lite-2"}
    assert set(measured) <= set(presets.PRESETS)
    for samplings in measured.values():
        assert set(samplings) == {"4:2:0", "4:4:4", "4:2:2", "4:4:0", "4:1:1", "grey"}
        for points in samplings.values():
            steps = [point[0] for point in points]
            assert steps == sorted(steps, reverse=True)
            for *_, luma, chroma, (mean, least) in points:
                assert least <= mean
                assert {len(luma), len(chroma)} == {len(KINDS)}
                assert 0 <= min(luma + chroma) <= max(luma + chroma) <= 1
