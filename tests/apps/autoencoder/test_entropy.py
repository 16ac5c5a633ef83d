"""The entropy coder is exact, and near the entropy."""

import numpy as np
import pytest

pytest.importorskip("keras", reason="needs the autoencoder extra")
pytest.importorskip("constriction", reason="needs the autoencoder extra")

from comrec.apps.autoencoder import entropy


@pytest.mark.parametrize("bits", range(1, 9))
@pytest.mark.parametrize("places", [1, 2, 63])
def test_the_entropy_coder_is_exact_for_likely_and_unlikely_levels(bits, places):
    rng = np.random.default_rng(bits)
    counts = np.maximum(rng.geometric(0.01, (7, 256)) - 60, 1).astype(np.uint16)
    coder = entropy.Coder(counts, bits)
    for symbols in (
        rng.integers(0, 2**bits, (places, 7)),
        np.zeros((places, 7)),
        np.full((places, 7), 2**bits - 1),
    ):
        symbols = symbols.astype(np.uint8)
        data = coder.encode(symbols)
        np.testing.assert_array_equal(coder.decode(data, places), symbols)


def test_the_entropy_coder_is_exact_whatever_its_end_looks_like():
    rng = np.random.default_rng(0)
    counts = np.maximum(rng.geometric(0.001, (3, 256)) - 500, 1).astype(np.uint16)
    coder = entropy.Coder(counts, 8)
    for _ in range(500):
        symbols = rng.integers(0, 256, (2, 3)).astype(np.uint8)
        np.testing.assert_array_equal(coder.decode(coder.encode(symbols), 2), symbols)


def test_the_entropy_coder_comes_near_the_entropy():
    counts = np.ones((1, 256), np.uint16)
    counts[0, :4] = 8000, 4000, 2000, 2000
    p = counts[0] / counts.sum()
    symbols = np.random.default_rng(0).choice(256, (20_000, 1), p=p).astype(np.uint8)
    least = -np.log2(p[symbols[:, 0]]).sum() / 8
    assert least <= len(entropy.Coder(counts, 8).encode(symbols)) < 1.002 * least + 4
