import numpy as np
import pytest

from comrec.jpeg import chroma

SIZES = [(1, 1), (2, 3), (5, 4), (4, 5), (6, 7), (16, 16), (29, 100), (33, 17)]


def small(size, seed=0):
    shape = [(side + 1) // 2 for side in size]
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def test_doubling_takes_three_quarters_of_the_nearest_sample():
    row = np.array([[0, 4, 8]], np.float32)
    assert chroma.double(row, 2, 6).tolist() == [[0, 1, 3, 5, 7, 8]] * 2


def test_planes_of_two_columns_are_doubled_by_repetition():
    assert chroma.double(np.array([[0, 4]], np.float32), 1, 4).tolist() == [
        [0, 0, 4, 4]
    ]


@pytest.mark.parametrize("size", SIZES)
def test_the_transpose_carries_inner_products_over(size):
    plane = small((2 * size[0], 2 * size[1]), 1)
    left = np.vdot(chroma.double(small(size), *size), plane)
    right = np.vdot(small(size), chroma.double_transposed(plane))
    assert left == pytest.approx(right, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("size", [(2, 4), (2, 6), (16, 16), (32, 100)])
def test_halving_undoes_doubling_where_sides_are_even(size):
    plane = small(size)
    np.testing.assert_allclose(
        chroma.halve(chroma.double(plane, *size)), plane, atol=2e-3
    )


def test_halving_is_the_least_squares_solution():
    plane = small((64, 64), 2)[:24, :24]
    halved = chroma.halve(plane)
    residual = plane - chroma.double(halved, *plane.shape)
    assert np.abs(chroma.double_transposed(residual)).max() < 5e-3


@pytest.mark.parametrize("size", SIZES)
def test_flat_planes_stay_flat_at_any_size(size):
    halved = chroma.halve(np.full(size, 7, np.float32))
    assert halved.shape == small(size).shape
    np.testing.assert_allclose(halved, 7, rtol=1e-3)
    np.testing.assert_allclose(chroma.double(halved, *size), 7, rtol=1e-3)
