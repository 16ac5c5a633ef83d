"""RecCNN: the decoder-side network that finds what JPEG and the reduction took away.

Architecture after F. Jiang et al., "An End-to-End Compression Framework Based
on Convolutional Neural Networks", IEEE TCSVT 2017, https://arxiv.org/abs/1708.00838.
"""

from __future__ import annotations

import math

import keras

from comrec.models.comcnn import check_channels

DEPTH = 20


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
      depth=20; batch normalisation keeps 2,304 running statistics besides.

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
        # The paper draws the scales from N(0, 2/(9*64)) like the kernels, which
        # starts the residual near zero.
        x = keras.layers.BatchNormalization(
            gamma_initializer=keras.initializers.RandomNormal(0.0, spread),
            name=f"bn{i}",
        )(x)
        x = keras.layers.ReLU(name=f"relu{i}")(x)
    residual = keras.layers.Conv2D(
        channels, dtype="float32", name=f"conv{depth}", **conv
    )(x)
    return keras.Model(enlarged, residual, name="reccnn")
