"""Latent values are quantised within half a step of their range."""

import numpy as np
import pytest

pytest.importorskip("keras", reason="needs the autoencoder extra")
pytest.importorskip("constriction", reason="needs the autoencoder extra")

from comrec.apps.autoencoder import quantiser


@pytest.mark.parametrize("bits", [1, 4, 8])
def test_quantising_is_off_by_half_a_step_within_the_range(bits):
    latents = np.random.default_rng(0).normal(3, 2, (5000, 3)).astype(np.float32)
    ranges = quantiser.measure(latents)
    back = quantiser.dequantise(quantiser.quantise(latents, ranges, bits), ranges, bits)
    inside = (latents >= ranges.low) & (latents < ranges.high)
    assert inside.mean() > 0.999
    step = (ranges.high - ranges.low) / 2**bits
    assert (np.abs(back - latents)[inside] <= (step / 2 * 1.001 + 1e-5).max()).all()


def test_a_value_that_never_moves_has_a_range():
    ranges = quantiser.measure(np.full((50, 2), -7, np.float32))
    assert (ranges.low < ranges.high).all()


def test_coarser_levels_are_sums_of_finer_ones():
    counts = np.random.default_rng(0).integers(1, 99, (4, 256)).astype(np.uint16)
    pairs = counts[:, ::2].astype(int) + counts[:, 1::2]
    np.testing.assert_array_equal(quantiser.merge_levels(counts, 7), pairs)
    np.testing.assert_array_equal(quantiser.merge_levels(counts, 8), counts)
