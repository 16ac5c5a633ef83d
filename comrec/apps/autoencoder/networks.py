"""Builds the three autoencoders as Keras 3 functional models. Loads Keras."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from comrec.apps.autoencoder.architecture import POOLED_PX, Architecture
from comrec.apps.autoencoder.quantiser import Ranges

# Factor from the learned variable to the logarithm of a half range. Without a factor,
# the ranges would need far more epochs than the networks at the same learning rate.
RANGE_PACE = 10.0


def build(architecture: Architecture) -> tuple[keras.Model, keras.Model]:
    """Builds an encoder and its decoder, uncompiled and untrained.

        dense          image ─┤flatten, dense...├─► latent, mirrored in the decoder
        cnn            image ─┤conv, pool, conv, pool, dense├─► latent, mirrored
        convolutional  image ─┤conv, pool, conv, pool, conv├─ + ─► latent
                         └─────────┤4x4 blocks├───────────────┘
                       latent ─┤conv, transposed conv twice, conv├─ + ─► restored
                         └─────────┤4x4 blocks├────────────────────┘

    Returns:
      The encoder, from image to latent, and the decoder, from latent to restored.
      image, restored: float32 (B, H, W, C), pixels in [0, 1]; for convolutional, H and
      W are multiples of 4, h = H/4, w = W/4. latent: float32 (B, values) or
      (B, h, w, values), of any range. restored is in [0, 1] for dense and cnn, which
      end in a sigmoid, and neither clipped nor rounded for convolutional.
    """
    image = keras.Input(
        (*(architecture.size_px or (None, None)), architecture.channels), name="image"
    )
    places = (None, None) if architecture.size_px is None else ()
    latent = keras.Input((*places, architecture.latent), name="latent_in")
    encode, decode = _BUILDERS[architecture.kind]
    return (
        keras.Model(image, encode(image, architecture), name="encoder"),
        keras.Model(latent, decode(latent, architecture), name="decoder"),
    )


def build_exact(architecture: Architecture) -> tuple[keras.Model, keras.Model]:
    """Builds the networks in float32, whatever policy a training run has set."""
    with _set_policy("float32"):
        return build(architecture)


def load(
    architecture: Architecture, weights: Sequence[np.ndarray]
) -> tuple[Callable[[np.ndarray], np.ndarray], Callable[[np.ndarray], np.ndarray]]:
    """Builds an encoder and its decoder with weights, as functions of arrays.

    Args:
      architecture: of the networks.
      weights: arrays of the encoder, then of the decoder, in Keras' order.

    Returns:
      The encoder, from uint8 (B, H, W, C) to the latent, and the decoder, from the
      latent to pixels in [0, 1], both float32; see `build` for the shapes.

    Raises:
      ValueError: the weights are not those of the architecture.
    """
    encoder, decoder = build_exact(architecture)
    first = len(encoder.weights)
    encoder.set_weights(weights[:first])
    decoder.set_weights(weights[first:])

    def run(network: keras.Model, inputs: np.ndarray) -> np.ndarray:
        outputs = network(inputs, training=False)
        return np.asarray(ops.convert_to_numpy(outputs), np.float32)

    return (
        lambda pixels: run(encoder, pixels.astype(np.float32) / 255),
        lambda latent: run(decoder, latent),
    )


@contextmanager
def _set_policy(name: str) -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


class Quantiser(layers.Layer):
    """Quantises the latent in training, with a gradient.

    The inputs are [latent, noise], both (B, ..., values), noise uniform in [-0.5, 0.5).
    With "noise", the latent is clipped to its range and the noise is added, in steps.
    With "ste", the latent is quantised, and the gradient passes straight through the
    rounding. Both ends of a range are learned, from the measured ones: a narrow range
    has fine steps, and clips more (Esser et al., "Learned Step Size Quantization",
    ICLR 2020).

    Args:
      values: number of latent values.
      bits: of each, 1 to 8.
      estimator: "noise" or "ste".
    """

    def __init__(self, values: int, bits: int, estimator: str) -> None:
        super().__init__(name="quantiser", dtype="float32")
        self._levels, self._estimator = 2**bits, estimator
        self._low, self._high = (
            self.add_weight(shape=(values,), initializer=initial, trainable=False)
            for initial in ("zeros", "ones")
        )
        self._grown = self.add_weight(shape=(2, values), initializer="zeros")

    def call(self, inputs: Sequence[Any]) -> Any:
        latent, noise = inputs
        low, high = self._compute_ends()
        step = (high - low) / self._levels
        if self._estimator == "noise":
            return ops.minimum(ops.maximum(latent, low), high) + noise * step
        place = ops.clip((latent - low) / step, 0, self._levels)
        level = ops.minimum(ops.floor(place), self._levels - 1) + 0.5
        return low + (place + ops.stop_gradient(level - place)) * step

    def set_ranges(self, ranges: Ranges) -> None:
        """Sets the ranges from which the layer learns."""
        self._low.assign(ranges.low)
        self._high.assign(ranges.high)
        self._grown.assign(np.zeros(self._grown.shape, np.float32))

    def get_ranges(self) -> Ranges:
        """Returns the present ranges."""
        ends = self._compute_ends()
        low, high = (np.asarray(ops.convert_to_numpy(end)) for end in ends)
        return Ranges(low, high)

    def _compute_ends(self) -> tuple[Any, Any]:
        middle, half = (self._low + self._high) / 2, (self._high - self._low) / 2
        # The exponential keeps low below high.
        grown = ops.exp(RANGE_PACE * self._grown)
        return middle - half * grown[0], middle + half * grown[1]


def _encode_dense(image: Any, a: Architecture) -> Any:
    x = layers.Flatten(name="flatten")(image)
    for i, width in enumerate(a.widths):
        x = layers.Dense(
            width, activation="relu", kernel_initializer="he_normal", name=f"hidden{i}"
        )(x)
    return layers.Dense(a.latent, dtype="float32", name="latent")(x)


def _decode_dense(latent: Any, a: Architecture) -> Any:
    x = latent
    for i, width in enumerate(reversed(a.widths)):
        x = layers.Dense(
            width, activation="relu", kernel_initializer="he_normal", name=f"mirror{i}"
        )(x)
    x = layers.Dense(
        a.values, activation="sigmoid", dtype="float32", name="pixels",
        bias_initializer=_dark(),
    )(x)  # fmt: skip
    return layers.Reshape((*(a.size_px or ()), a.channels), name="restored")(x)


def _encode_cnn(image: Any, a: Architecture) -> Any:
    x = layers.Flatten(name="flatten")(_halve(image, a.widths))
    return layers.Dense(a.latent, dtype="float32", name="latent")(x)


def _decode_cnn(latent: Any, a: Architecture) -> Any:
    height, width = (side // POOLED_PX for side in a.size_px or ())
    shape = (height, width, a.widths[1])
    x = layers.Dense(
        math.prod(shape), activation="relu", kernel_initializer="he_normal",
        name="unflatten",
    )(latent)  # fmt: skip
    x = layers.Reshape(shape, name="maps")(x)
    return _double(x, a, "sigmoid", _dark())


def _encode_convolutional(image: Any, a: Architecture) -> Any:
    x = layers.Conv2D(
        a.latent, 3, padding="same", dtype="float32", name="latent_deep"
    )(_halve(image, a.widths))  # fmt: skip
    # The linear part learns a block transform in the first minutes.
    block = layers.Conv2D(
        a.latent, POOLED_PX, POOLED_PX, use_bias=False, dtype="float32", name="block"
    )(image)
    return layers.Add(dtype="float32", name="latent")([x, block])


def _decode_convolutional(latent: Any, a: Architecture) -> Any:
    x = _conv(a.widths[1], "unfold")(latent)
    # Mid grey before training.
    x = _double(x, a, "linear", keras.initializers.Constant(0.5), "restored_deep")
    block = layers.Conv2DTranspose(
        a.channels,
        POOLED_PX,
        POOLED_PX,
        use_bias=False,
        dtype="float32",
        name="unblock",
    )(latent)
    return layers.Add(dtype="float32", name="restored")([x, block])


def _halve(x: Any, widths: Sequence[int]) -> Any:
    for i, width in enumerate(widths):
        x = _conv(width, f"conv{i}")(x)
        x = layers.MaxPooling2D(2, name=f"pool{i}")(x)
    return x


def _double(
    x: Any, a: Architecture, activation: str, bias: Any, name: str = "restored"
) -> Any:
    for i, width in enumerate((a.widths[0], a.widths[0])):
        x = layers.Conv2DTranspose(
            width, 4, 2, padding="same", activation="relu",
            kernel_initializer="he_normal", name=f"double{i}",
        )(x)  # fmt: skip
    return layers.Conv2D(
        a.channels, 3, padding="same", activation=activation, dtype="float32",
        bias_initializer=bias, name=name,
    )(x)  # fmt: skip


def _conv(width: int, name: str) -> layers.Layer:
    return layers.Conv2D(
        width, 3, padding="same", activation="relu", kernel_initializer="he_normal",
        name=name,
    )  # fmt: skip


def _dark() -> keras.initializers.Initializer:
    # Digits are mostly black, so a dark start saves the first epoch.
    return keras.initializers.Constant(-2.0)


def copy_weights(model: keras.Model) -> list[np.ndarray]:
    """Returns the weights as float32 arrays, in the order of `model.set_weights`."""
    return [np.asarray(weight, np.float32) for weight in model.get_weights()]


_BUILDERS = {
    "dense": (_encode_dense, _decode_dense),
    "cnn": (_encode_cnn, _decode_cnn),
    "convolutional": (_encode_convolutional, _decode_convolutional),
}
