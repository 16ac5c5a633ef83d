"""Refines one compact image by gradient steps, so that its restored image is closer.

The decoder does not change. The start is the compact image of ComCNN. Its pixels are
then trained through the differentiable JPEG and the preset's RecCNN, with the loss of
`comrec.train.joint.step`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras import ops

from comrec.image.window import Window, grid
from comrec.jpeg import coding
from comrec.jpeg.colour import luma
from comrec.jpeg.quantisation import read_tables
from comrec.networks.alignment import grid_px
from comrec.networks.codec import Codec
from comrec.networks.conditioning import condition
from comrec.networks.models import jpeg_proxy, load, resampling
from comrec.networks.models.jpeg_proxy import BIT_PRICE, DEAD_ZONE

STEPS = 24
RATE = 1.5 / 255  # of Adam, of pixels in [0, 1]
# In pixels of the image: least side of a tile's core, and the margin around the core.
SIDE_PX, MARGIN_PX = 288, 48


def refine(
    codec: Codec,
    pixels: np.ndarray,
    compact: np.ndarray,
    quality: int,
    price: float = 1,
) -> np.ndarray:
    """Returns a compact image whose restored image is closer, at about equal bytes.

    Args:
      codec: of a preset of the comrec family.
      pixels: uint8 (H, W, 1|3), the image.
      compact: uint8 (h, w, 1|3), as `codec.compact` makes it.
      quality: of the compact JPEG, 1 to 100.
      price: of a bit, over what it was in training; at 1 the bytes rise by some 3 %.

    Returns:
      uint8, like compact.
    """
    reccnn = load(codec.preset, "reccnn")
    scale, grey = codec.scale, pixels.shape[2] == 1
    image, start, refined = _colour(pixels), _colour(compact), compact.copy()
    grid = grid_px((scale,))
    margin, inner = (math.ceil(n / grid) * grid for n in (MARGIN_PX, SIDE_PX))
    side = min(inner + 2 * margin, math.ceil(max(image.shape) / grid) * grid)
    margin = margin if side == inner + 2 * margin else 0  # one tile sees all
    model = _Refinement(reccnn, side, codec)
    for core, wide in _tiles(image.shape, side, margin):
        small, at = _reduced(wide, scale), _reduced(core, scale)
        found = model.refined(
            _cut(image, wide, side), _cut(start, small, int(side / scale)),
            quality, codec, price,
        )  # fmt: skip
        y, x = at.y0 - small.y0, at.x0 - small.x0
        kept = refined[at.slices]
        part = found[y : y + kept.shape[0], x : x + kept.shape[1]]
        refined[at.slices] = luma(part) if grey else part
    return refined


class _Refinement(keras.Model):
    """Maps (image, coded, steps, condition, bits) to restored; trains the compact."""

    def __init__(self, reccnn: keras.Model, side: int, codec: Codec) -> None:
        super().__init__(name="refinement", dtype="float32")
        reccnn.trainable = False
        self.reccnn, self.scale = reccnn, codec.scale
        self.subsampling = codec.settings.subsampling
        self.compact = self.add_weight(
            name="compact", shape=(1, *[int(side / codec.scale)] * 2, 3)
        )
        self.compile(keras.optimizers.Adam(RATE), loss="mse", jit_compile=False)

    def call(self, inputs: Any, training: bool = False) -> Any:
        image, coded, steps, told, bits = inputs
        proxy, magnitudes = jpeg_proxy.through(
            self.compact + 0 * coded,
            steps,
            self.subsampling,
            dead_zone=DEAD_ZONE,
            gradient="soft",
        )
        self.add_loss(ops.mean(magnitudes * bits) / (image.shape[1] * image.shape[2]))
        coded = proxy + ops.stop_gradient(coded - proxy)
        enlarged = resampling.enlarge_op(coded, self.scale)
        return enlarged + self.reccnn([enlarged, told], training=False)

    def refined(
        self,
        image: np.ndarray,
        start: np.ndarray,
        quality: int,
        codec: Codec,
        price_factor: float,
    ) -> np.ndarray:
        """Returns the best compact image of STEPS steps, uint8 like `start`."""
        best, least = start, np.inf
        self.compact.assign(start[None].astype(np.float32) / 255)
        optimizer = keras.optimizers.Adam(RATE)
        self.compile(optimizer, loss="mse", jit_compile=False)
        target = image[None].astype(np.float32) / 255
        for i in range(STEPS + 1):
            compact = np.array(ops.convert_to_numpy(self.compact))
            now = np.rint(np.clip(compact[0], 0, 1) * 255).astype(np.uint8)
            file = codec.encode(now, quality)
            coded = coding.decode(file).astype(np.float32)[None] / 255
            table = read_tables(file)
            told = condition(table, self.scale)[None]
            step = float(table[0].mean())
            price = BIT_PRICE * (self.scale * step / 255) ** 2
            price *= price_factor
            if i == 0:
                bits = jpeg_proxy.bits_per_magnitude(compact, [quality], codec.settings)
            inputs = (target, coded, table[None], told, np.full(1, bits, np.float32))
            restored = np.asarray(self.predict_on_batch(inputs))
            error = float(np.mean(np.square(np.clip(restored, 0, 1) - target)))
            cost = error / price + 8 * len(file) / (image.shape[0] * image.shape[1])
            if cost < least:
                best, least = now, cost
            if i < STEPS:
                self.train_on_batch(inputs, target, np.full(1, 1 / price, np.float32))
        return best


def _tiles(
    shape: tuple[int, ...], side: int, margin: int
) -> Iterator[tuple[Window, Window]]:
    """Yields each core to keep, and the square around the core to refine."""
    height, width = shape[:2]
    for core in grid(height, width, side - 2 * margin):
        y0, x0 = max(core.y0 - margin, 0), max(core.x0 - margin, 0)
        yield core, Window(y0, min(y0 + side, height), x0, min(x0 + side, width))


def _reduced(window: Window, scale: float) -> Window:
    """Converts a window of the image to pixels of the compact image."""
    return Window(*(math.ceil(n / scale) for n in vars(window).values()))


def _cut(pixels: np.ndarray, window: Window, side: int) -> np.ndarray:
    """Cuts a window and repeats its last row and column to a square."""
    part = pixels[window.slices]
    missing = [(0, side - n) for n in part.shape[:2]]
    return np.pad(part, (*missing, (0, 0)), mode="edge")


def _colour(pixels: np.ndarray) -> np.ndarray:
    return pixels if pixels.shape[2] == 3 else pixels.repeat(3, axis=2)
