import itertools

import numpy as np
import pytest

from comrec.jpeg.trellis import quantise_ac


def choices(target):
    """Returns the magnitudes a coefficient may take."""
    if abs(target) <= 0.5:
        return [0]
    nearest = min(max(int(np.rint(abs(target))), 1), 1023)
    return [0, nearest, *(2**n - 1 for n in range(1, nearest.bit_length()))]


def cost(values, targets, weights, lengths):
    """Returns what one block costs, in bits, by the letter of T.81."""
    bits = float((weights[1:] * (np.abs(targets[1:]) - values) ** 2).sum())
    run = 0
    for value in values:
        if not value:
            run += 1
            continue
        size = int(value).bit_length()
        bits += (run >> 4) * lengths[0xF0] + lengths[(run & 15) * 16 + size] + size
        run = 0
    return bits + (lengths[0] if run else 0)


def least(targets, weights, lengths):
    every = itertools.product(*map(choices, targets[1:]))
    return min(cost(np.array(v), targets, weights, lengths) for v in every)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("spread", [0.8, 2.5])
def test_no_choice_costs_less_than_the_trellis_finds(seed, spread):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 17, 256).astype(float)
    targets = np.zeros((1, 64), np.float32)
    places = rng.choice(np.arange(1, 64), 6, replace=False)
    targets[0, places] = rng.laplace(size=6) * spread
    weights = rng.uniform(0.2, 9, 64).astype(np.float32)
    found = quantise_ac(targets, weights, lengths)[0]
    assert (found * targets[0] >= 0).all()
    mine = cost(np.abs(found[1:]), targets[0], weights, lengths)
    assert mine == pytest.approx(least(targets[0], weights, lengths), abs=0.02)


def test_blocks_do_not_depend_on_one_another():
    rng = np.random.default_rng(0)
    lengths = rng.integers(2, 17, 256)
    targets = (rng.laplace(size=(300, 64)) * np.geomspace(20, 0.2, 64)).astype(
        np.float32
    )
    weights = rng.uniform(0.5, 9, (300, 64)).astype(np.float32)
    together = quantise_ac(targets, weights, lengths)
    for i in range(0, 300, 50):
        alone = quantise_ac(targets[i : i + 1], weights[i : i + 1], lengths)
        np.testing.assert_array_equal(alone[0], together[i])


def test_free_bits_give_rounded_targets():
    rng = np.random.default_rng(1)
    targets = rng.uniform(-9, 9, (20, 64)).astype(np.float32)
    found = quantise_ac(targets, np.full(64, 1e6, np.float32), np.full(256, 2))
    np.testing.assert_array_equal(found[:, 1:], np.rint(targets[:, 1:]))


def test_dear_bits_leave_nothing_and_dc_is_not_touched():
    targets = np.full((3, 64), 4, np.float32)
    found = quantise_ac(targets, np.full(64, 1e-4, np.float32), np.full(256, 8))
    assert not found.any()
    assert not quantise_ac(targets, np.full(64, 50, np.float32), np.full(256, 8))[
        :, 0
    ].any()


def test_values_stay_within_what_a_file_holds():
    targets = np.full((1, 64), -5000, np.float32)
    found = quantise_ac(targets, np.full(64, 9, np.float32), np.full(256, 8))
    assert (found[0, 1:] == -1023).all()
