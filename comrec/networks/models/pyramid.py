"""Defines the comrec family: one pair of networks for every rate and scale, in colour.

Both networks work on a pyramid below the size of the image, where a convolution is
cheap: 2x2 pixels become channels, small maps have a wide receptive field, and
depth-to-space restores the full size. A condition, from the quantisation tables of the
JPEG, tells RecCNN how coarse the quantisation is, so one set of weights is used for
all qualities.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from comrec.networks import conditioning


def build_reccnn(widths: Sequence[int], blocks: Sequence[int]) -> keras.Model:
    """Builds the reconstruction network, uncompiled and untrained.

    A U-shaped network of residual blocks (two 3x3 convolutions and a ReLU each):

        enlarged ─┤6x6/2├─ blocks ──────────── + ─ blocks ─┤3x3, x2├─► residual
                              └┤2x2/2├─ blocks ─┘  (and so on, downwards)

    Args:
      widths: feature maps at 1/2, 1/4, ... of the size of the image.
      blocks: residual blocks at each level on the way down and up, 2n - 1 numbers for
        n widths.

    Returns:
      A functional model from [enlarged, condition] to the residual. enlarged:
      float32 (B, H, W, 3), RGB in [0, 1], H and W multiples of `multiple(widths)`.
      condition: (B, 5), see `comrec.networks.conditioning`. residual: float32
      (B, H, W, 3) on the scale of the pixels; the restored image is enlarged +
      residual.

    Raises:
      ValueError: the blocks do not fit the widths.
    """
    _check(widths, blocks)
    enlarged = keras.Input((None, None, 3), name="enlarged")
    condition = keras.Input((conditioning.SIZE,), name="condition")
    x = _add_condition(_build_head(widths[0])(enlarged), condition, widths[0])
    x = _add_pyramid(x, widths, blocks)
    x = layers.Conv2D(
        12, 3, padding="same", dtype="float32", name="tail",
        kernel_initializer=_scaled(0.02),
    )(x)  # fmt: skip
    # The error grows with the steps: one gain for the whole picture.
    gain = layers.Dense(
        1, activation="exponential", dtype="float32", name="gain",
        kernel_initializer=_Gain(), bias_initializer=keras.initializers.Constant(-2.8),
    )(condition)  # fmt: skip
    x = layers.Multiply(name="tail_gain", dtype="float32")(
        [x, layers.Reshape((1, 1, 1), dtype="float32")(gain)]
    )
    residual = DepthToSpace(dtype="float32", name="residual")(x)
    return keras.Model([enlarged, condition], residual, name="reccnn")


def build_comcnn(width: int, blocks: int) -> keras.Model:
    """Builds the compact-representation network, uncompiled and untrained.

        image ─┤6x6/2├─ blocks ─┤3x3, x2├─► change

    Args:
      width: feature maps, at 1/2 of the size of the image.
      blocks: residual blocks.

    Returns:
      A functional model from [image, log2 of the scale] to the change. image: float32
      (B, H, W, 3), RGB in [0, 1], H and W even; the scale (B, 1). change: float32
      (B, H, W, 3), zero before training; image + change, reduced, is the compact image.
    """
    image = keras.Input((None, None, 3), name="image")
    log_scale = keras.Input((1,), name="log_scale")
    x = _add_condition(_build_head(width)(image), log_scale, width)
    for i in range(blocks):
        x = _add_block(x, width, f"block{i}")
    x = layers.Conv2D(
        12, 3, padding="same", dtype="float32", name="tail",
        kernel_initializer="zeros",
    )(x)  # fmt: skip
    change = DepthToSpace(dtype="float32", name="change")(x)
    return keras.Model([image, log_scale], change, name="comcnn")


def _build_head(width: int) -> layers.Layer:
    # Mixed precision would round the input pixels to 8 bits.
    return layers.Conv2D(
        width, 6, 2, padding="same", dtype="float32", name="head",
        kernel_initializer="he_normal",
    )  # fmt: skip


def _add_condition(x: Any, condition: Any, width: int) -> Any:
    """Adds to each map a number that depends on the condition."""
    # The names of layers must not change: weights are loaded by them.
    bias = layers.Dense(width, dtype="float32", name="told")(condition)
    bias = layers.Reshape((1, 1, width), dtype="float32")(bias)
    return layers.Add(name="head_told", dtype="float32")([x, bias])


def multiple(widths: Sequence[int]) -> int:
    """Returns the number whose multiples are the legal sides of RecCNN's input."""
    return 2 ** len(widths)


def reach_px(blocks: Sequence[int]) -> int:
    """Returns the reach of the receptive field to each side.

    Args:
      blocks: of `build_reccnn`; (n,) for a ComCNN of n blocks.

    Returns:
      Pixels of the image, an upper bound.
    """
    levels = (len(blocks) + 1) // 2
    reach = 4 + 2  # the head, and the tail at 1/2
    for i, count in enumerate(blocks):
        level = min(i, len(blocks) - 1 - i) + 1
        reach += 2 * count * 2**level
    # Each halving or doubling may shift the grid by the pixels that it joins.
    return reach + sum(2**level for level in range(2, levels + 1)) * 2


@keras.saving.register_keras_serializable("comrec")
class DepthToSpace(layers.Layer):
    """Rearranges channels into pixels: (B, h, w, 4C) to (B, 2h, 2w, C)."""

    def call(self, x: Any) -> Any:
        shape, channels = ops.shape(x), x.shape[-1] // 4
        batch, height, width = shape[0], shape[1], shape[2]
        x = ops.reshape(x, (batch, height, width, 2, 2, channels))
        x = ops.transpose(x, (0, 1, 3, 2, 4, 5))
        return ops.reshape(x, (batch, 2 * height, 2 * width, channels))

    def compute_output_shape(self, shape: Sequence[Any]) -> tuple[Any, ...]:
        batch, height, width, channels = shape
        double = [side and 2 * side for side in (height, width)]
        return (batch, *double, channels // 4)


def _add_pyramid(
    x: Any, widths: Sequence[int], blocks: Sequence[int], at: int = 0
) -> Any:
    width, last = widths[0], len(blocks) - 1
    for i in range(blocks[0]):
        x = _add_block(x, width, f"down{at}_{i}")
    if len(widths) == 1:
        return x
    below = layers.Conv2D(
        widths[1], 2, 2, name=f"halve{at}", kernel_initializer="he_normal"
    )(x)
    below = _add_pyramid(below, widths[1:], blocks[1:last], at + 1)
    below = layers.Conv2D(
        4 * width, 1, name=f"double{at}", kernel_initializer=_scaled(0.5)
    )(below)
    x = layers.Add(name=f"join{at}")([x, DepthToSpace(name=f"doubled{at}")(below)])
    for i in range(blocks[last]):
        x = _add_block(x, width, f"up{at}_{i}")
    return x


def _add_block(x: Any, width: int, name: str) -> Any:
    y = layers.Conv2D(
        width, 3, padding="same", activation="relu", name=f"{name}a",
        kernel_initializer="he_normal",
    )(x)  # fmt: skip
    y = layers.Conv2D(
        width, 3, padding="same", name=f"{name}b", kernel_initializer=_scaled(0.1)
    )(y)
    return layers.Add(name=name)([x, y])


def _scaled(scale: float) -> keras.initializers.Initializer:
    return keras.initializers.VarianceScaling(scale, "fan_in", "untruncated_normal")


@keras.saving.register_keras_serializable("comrec")
class _Gain(keras.initializers.Initializer):
    """Initialises ln(gain) to half an octave per octave of the steps."""

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        start = np.zeros(shape, np.float32)
        start[:4] = np.log(2) * conditioning.STEP_SPREAD / 8
        return ops.convert_to_tensor(start, dtype=dtype)


def _check(widths: Sequence[int], blocks: Sequence[int]) -> None:
    if not widths or len(blocks) != 2 * len(widths) - 1:
        raise ValueError(
            f"blocks must be 2n - 1 counts for n widths. Received: {len(blocks)} "
            f"for {len(widths)}"
        )
