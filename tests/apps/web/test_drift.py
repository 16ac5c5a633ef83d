"""What fewer bits change, against float32."""

import numpy as np
import pytest
from web_networks import LITE

from comrec.apps.web import drift, export, network
from comrec.networks import engine, presets


def test_arrays_in_place_of_the_networks_own_run():
    exact = engine.load(LITE, "reccnn", exact=True)
    enlarged = np.random.default_rng(1).random((1, 16, 22, 3), np.float32)
    condition = np.array([[-0.5, 0.1, 0.2, 0.3, 1]], np.float32)
    same = drift.load(LITE, network.dump(LITE, 32))(enlarged, condition)
    assert np.array_equal(same, exact(enlarged, condition))
    halves = drift.load(LITE, network.dump(LITE, 16))(enlarged, condition)
    assert 0 < np.abs(halves - same).max() < 1e-3


def test_drift_is_none_in_float32_and_grows_with_fewer_bits(quick):
    yardstick = drift.Yardstick(LITE)
    same, halves, bytes_ = (
        yardstick.measure(network.dump(LITE, bits)) for bits in (32, 16, 8)
    )
    assert (same.worst_levels, same.lost_db) == (0, 0)
    assert 0 < halves.worst_levels < 0.5 < bytes_.worst_levels
    assert halves.lost_db < 0.02


@pytest.mark.slow
@pytest.mark.parametrize("name", ["comrec-lite-2", "comrec-base-3"])
def test_half_precision_is_enough_for_the_released_networks(name):
    preset = presets.find(name)
    found = drift.Yardstick(preset).measure(network.dump(preset, 16))
    assert found.worst_levels < export.MAX_LEVELS
    assert found.lost_db <= export.MAX_LOST_DB
