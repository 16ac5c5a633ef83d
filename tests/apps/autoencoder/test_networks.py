"""The networks have the stated weights, and the quantiser a gradient."""

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="needs the autoencoder extra")
pytest.importorskip("constriction", reason="needs the autoencoder extra")

import autoencoders
from autoencoders import KINDS

from comrec.apps.autoencoder import (
    networks,
    quantiser,
)
from comrec.apps.autoencoder.architecture import Architecture


def test_the_networks_have_the_parameters_worked_by_hand():
    def count(*arguments):
        return [network.count_params() for network in networks.build(
            Architecture(*arguments))]  # fmt: skip

    assert count("dense", 1, (28, 28), 196, (512,)) == [
        784 * 512 + 512 + 512 * 196 + 196, 196 * 512 + 512 + 512 * 784 + 784,
    ]  # fmt: skip
    conv = 9 * 16 + 16 + 9 * 16 * 32 + 32
    up = 16 * 32 * 16 + 16 + 16 * 16 * 16 + 16 + 9 * 16 + 1
    assert count("cnn", 1, (28, 28), 32, (16, 32)) == [
        conv + 7 * 7 * 32 * 32 + 32, 33 * 7 * 7 * 32 + up,
    ]  # fmt: skip
    colour = 27 * 32 + 32 + 9 * 32 * 64 + 64 + 9 * 64 * 12 + 12 + 48 * 12
    back = (
        9 * 12 * 64
        + 64
        + 16 * 64 * 32
        + 32
        + 16 * 32 * 32
        + 32
        + 9 * 32 * 3
        + 3
        + 12 * 48
    )
    assert count("convolutional", 3, None, 12, (32, 64)) == [colour, back]


@pytest.mark.parametrize("kind", KINDS)
def test_the_weights_are_as_large_as_they_are_said_to_be(kind):
    said = autoencoders.TINY[kind].shapes()
    built = networks.build(autoencoders.TINY[kind])
    for shapes, network in zip(said, built, strict=True):
        assert shapes == [weight.shape for weight in network.get_weights()]


@pytest.mark.parametrize("estimator", ["noise", "ste"])
def test_the_quantiser_shows_what_quantisation_does(estimator):
    layer = networks.Quantiser(3, 4, estimator)
    latent = np.random.default_rng(0).normal(0, 1, (200, 3)).astype(np.float32)
    ranges = quantiser.Ranges(np.float32([-1, -2, -1.5]), np.float32([1, 1.5, 3]))
    noise = np.random.default_rng(1).random((200, 3), np.float32) - 0.5
    layer.set_ranges(ranges)
    shown = np.asarray(layer([latent, noise]))
    if estimator == "ste":
        symbols = quantiser.quantise(latent, ranges, 4)
        expected = quantiser.dequantise(symbols, ranges, 4)
        assert np.isclose(shown, expected, atol=1e-5).mean() > 0.99  # but on borders
    else:
        step = (ranges.high - ranges.low) / 16
        expected = np.clip(latent, ranges.low, ranges.high) + noise * step
        np.testing.assert_allclose(shown, expected, atol=1e-5)


@pytest.mark.parametrize("estimator", ["noise", "ste"])
def test_gradients_reach_the_latent_within_its_range_and_the_range(estimator):
    latent = keras.Input((1,))
    layer = networks.Quantiser(1, 3, estimator)
    # One value: what a step of plain descent moves is what its gradient is.
    moved = keras.layers.Dense(1, kernel_initializer="ones", use_bias=False)
    whole = keras.Model(latent, layer([moved(latent), keras.ops.zeros_like(latent)]))
    layer.set_ranges(quantiser.Ranges(np.float32([-1]), np.float32([1])))
    whole.compile(keras.optimizers.SGD(0.01), loss=lambda y, x: keras.ops.mean(x))
    inside, beyond = np.float32([[0.3]]), np.float32([[5]])
    for given, moves in ((inside, True), (beyond, False)):
        before = moved.get_weights()[0].copy(), layer.get_ranges()
        whole.train_on_batch(given, given)
        assert (moved.get_weights()[0] != before[0]).any() == moves
    assert layer.get_ranges().high < before[1].high
