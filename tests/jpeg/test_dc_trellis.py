import itertools

import numpy as np
import pytest

from comrec.jpeg.dc_trellis import SEGMENT, quantise_dc


def cost(values, targets, weights, lengths):
    bits = float((weights * (targets - values) ** 2).sum())
    for difference in np.diff(values, prepend=0):
        size = int(abs(difference)).bit_length()
        bits += lengths[size] + size
    return bits


@pytest.mark.parametrize("seed", range(10))
def test_no_choice_costs_less_than_the_trellis_finds(seed):
    rng = np.random.default_rng(seed)
    targets = rng.normal(0, 4, 6).astype(np.float32)
    weights = rng.uniform(0, 9, 6).astype(np.float32)
    lengths = rng.integers(1, 9, 12)
    found = quantise_dc(targets, weights, lengths)
    near = [np.floor(t) + np.arange(-1, 3) for t in targets]
    best = min(
        cost(np.array(v), targets, weights, lengths) for v in itertools.product(*near)
    )
    assert cost(found, targets, weights, lengths) == pytest.approx(best, abs=1e-3)


@pytest.mark.parametrize("count", [1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 5 * SEGMENT])
def test_free_bits_give_rounded_targets_at_any_length(count):
    targets = np.random.default_rng(0).uniform(-900, 900, count).astype(np.float32)
    found = quantise_dc(targets, np.full(count, 1e6, np.float32), np.full(12, 3))
    assert found.dtype == np.int16
    np.testing.assert_array_equal(found, np.rint(targets))


def test_values_stay_within_what_a_file_holds():
    targets = np.array([-3000, 3000, -1024, 1024], np.float32)
    found = quantise_dc(targets, np.full(4, 9, np.float32), np.full(12, 3))
    assert found.tolist() == [-1024, 1023, -1024, 1023]


def test_blocks_that_are_not_shown_follow_those_that_are():
    targets = np.array([50, 0, 50, 0], np.float32)
    lengths = np.arange(1, 13)
    found = quantise_dc(targets, np.array([99, 0, 99, 0], np.float32), lengths)
    assert found[[0, 2]].tolist() == [50, 50]
