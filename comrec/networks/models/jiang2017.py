"""Defines the networks of Jiang et al. 2017: ComCNN reduces, RecCNN restores.

Architecture after F. Jiang et al., "An End-to-End Compression Framework Based
on Convolutional Neural Networks", IEEE TCSVT 2017, https://arxiv.org/abs/1708.00838.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import keras
import numpy as np

SCALE = 2  # linear size ratio image : compact; fixed by the stride of conv2
REACH_PX = 4  # of ComCNN: three kernels of 3x3, the last one at half size
DEPTH = 20  # convolutions of RecCNN in the paper


def build_comcnn(channels: int = 1, width: int = 64) -> keras.Model:
    """Builds the compact-representation network, uncompiled and untrained.

        image ──►─┤conv+ReLU├──►─┤conv/2+ReLU├──►─┤conv├──► compact
        (B,H,W,C)   (B,H,W,64)     (B,h,w,64)               (B,h,w,C)

    with h = ceil(H/2) and w = ceil(W/2). All kernels are 3x3.

    Args:
      channels: C. 1 is luma alone (the paper's tables), 3 is colour.
      width: feature maps in the two hidden layers; the paper uses 64.

    Returns:
      A functional model. It takes float32 pixels in [0, 1] and returns pixels
      on the same scale, *not* clipped and *not* rounded: rounding to 8 bits is
      the codec's business, and training needs the gradient without it.
      38,145 trainable parameters for channels=1, width=64. Before training, the
      compact image is the mean of each 2x2 pixels.

    Raises:
      ValueError: channels is neither 1 nor 3.
    """
    check_channels(channels)
    spread = math.sqrt(2 / (9 * width))
    whole, mean = ((1, 1),), ((1, 1), (1, 2), (2, 1), (2, 2))
    conv: dict[str, Any] = {"kernel_size": 3}
    image = keras.Input((None, None, channels), name="image")
    x = keras.layers.Conv2D(
        width, padding="same", activation="relu", name="conv1",
        kernel_initializer=Carrying(channels, whole, spread), **conv,
    )(image)  # fmt: skip
    # Padded by hand: "same" at stride 2 pads bottom/right only when H is even
    # and on all sides when H is odd, so the sampling grid would shift by one pixel
    # with the parity of the image. The public MATLAB code pads 1 on all sides.
    x = keras.layers.ZeroPadding2D(1, name="conv2_pad")(x)
    x = keras.layers.Conv2D(
        width, strides=SCALE, activation="relu", name="conv2_down",
        kernel_initializer=Carrying(channels, mean, spread), **conv,
    )(x)  # fmt: skip
    # The output is float32: pixels need more than the 8 bits of bfloat16.
    compact = keras.layers.Conv2D(
        channels, padding="same", dtype="float32", name="conv3",
        kernel_initializer=Carrying(channels, whole, 0), **conv,
    )(x)  # fmt: skip
    return keras.Model(image, compact, name="comcnn")


@keras.saving.register_keras_serializable("comrec")
class Carrying(keras.initializers.Initializer):
    """Initialises a kernel so that its first maps carry the picture.

    The paper draws all kernels from N(0, 2/(9*64)). ComCNN then begins as noise, and a
    short training ends with a compact image that is black.

    Args:
      channels: number of the maps that carry the picture.
      taps: (row, column) in the kernel, of which those maps take the mean.
      spread: standard deviation of all other weights into other maps.
    """

    def __init__(
        self, channels: int, taps: Iterable[tuple[int, int]], spread: float
    ) -> None:
        self.channels, self.spread = channels, spread
        self.taps = [tuple(tap) for tap in taps]

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        drawn = keras.random.normal(shape, stddev=self.spread)
        kernel = np.array(keras.ops.convert_to_numpy(drawn))
        kernel[..., : self.channels] = 0
        for i in range(min(self.channels, *shape[2:])):
            for row, column in self.taps:
                kernel[row, column, i, i] = 1 / len(self.taps)
        return keras.ops.convert_to_tensor(kernel, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments, for saved models."""
        return {"channels": self.channels, "taps": self.taps, "spread": self.spread}


def check_channels(channels: int) -> None:
    """Checks a number of channels.

    Raises:
      ValueError: channels is neither 1 nor 3.
    """
    if channels not in (1, 3):
        raise ValueError(
            f"channels must be 1 (luma) or 3 (colour). Received: channels={channels!r}"
        )


def build_reccnn(channels: int = 1, width: int = 64, depth: int = DEPTH) -> keras.Model:
    """Builds the reconstruction network, uncompiled and untrained.

        enlarged ──►─┤conv+ReLU├──►─┤conv+BN+ReLU├ x 18 ──►─┤conv├──► residual
        (B,H,W,C)      (B,H,W,64)     (B,H,W,64)                      (B,H,W,C)

    All kernels are 3x3 at stride 1, so the receptive field reaches `depth`
    pixels to each side. The restored image is enlarged + residual. The paper
    writes it as enlarged - res(enlarged): the same network, last layer negated.

    Args:
      channels: C. 1 is luma alone (the paper's tables), 3 is colour.
      width: feature maps in the hidden layers; the paper uses 64.
      depth: convolutions in all; the paper uses 20.

    Returns:
      A functional model from float32 pixels in [0, 1] to a float32 residual on
      that scale. 668,225 trainable parameters for channels=1, width=64,
      depth=20, and 2,304 running statistics of batch normalisation. Before
      training, the residual is zero.

    Raises:
      ValueError: channels is neither 1 nor 3.
    """
    check_channels(channels)
    spread = math.sqrt(2 / (9 * width))
    initial = keras.initializers.RandomNormal(0.0, spread)
    conv = {"kernel_size": 3, "padding": "same", "kernel_initializer": initial}
    enlarged = keras.Input((None, None, channels), name="enlarged")
    x = keras.layers.Conv2D(width, activation="relu", name="conv1", **conv)(enlarged)
    for i in range(2, depth):
        x = keras.layers.Conv2D(width, name=f"conv{i}", **conv)(x)
        # The paper draws the scales from N(0, 2/(9*64)) like the kernels.
        x = keras.layers.BatchNormalization(
            gamma_initializer=keras.initializers.RandomNormal(0.0, spread),
            name=f"bn{i}",
        )(x)
        x = keras.layers.ReLU(name=f"relu{i}")(x)
    conv["kernel_initializer"] = "zeros"
    residual = keras.layers.Conv2D(
        channels, dtype="float32", name=f"conv{depth}", **conv
    )(x)
    return keras.Model(enlarged, residual, name="reccnn")
