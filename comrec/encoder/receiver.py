"""Shows the receiver's picture for chosen coefficients, and how its error changes.

The picture is RecCNN's of the decoded, enlarged compact image. Everything up to RecCNN
is linear but for rounding and clipping, which gradients pass unchanged.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from comrec.encoder.file_cache import trim_after
from comrec.image import resample
from comrec.image.window import Window, grid
from comrec.jpeg import coefficients as co
from comrec.jpeg.layout import Layout
from comrec.jpeg.quantiser import Blocks
from comrec.networks import tiling
from comrec.networks.codec import Codec
from comrec.networks.gradient import InputGradient
from comrec.networks.presets import Preset
from comrec.system import stages

# In pixels of the image: a multiple of every MCU's side at every scale, and of what
# networks take.
GRID_PX = 96
MEMORY_MB = 240  # of one tile: RecCNN and its gradient keep the maps of all layers


class Look(NamedTuple):
    """Holds what one pass through RecCNN shows.

    Attributes:
      errors: float64 (MCU rows, MCU columns), squared error in grey levels, summed over
        the pixels and channels that an MCU stands for.
      gradients: float32 (rows, columns, 64) a component: of the whole error, by each
        coefficient in grey levels. Empty where they were not computed.
    """

    errors: np.ndarray
    gradients: list[np.ndarray]


class Receiver:
    """Restores one picture from coefficients, through the networks of a codec.

    Args:
      pixels: uint8 (H, W, 1|3), the image.
      codec: the networks that restore the picture, at one scale.
      layout: of the compact JPEG.
      guide: the networks to look through; a lighter pair shows nearly the same.

    Attributes:
      space: colour space of the compact image.
    """

    def __init__(
        self, pixels: np.ndarray, codec: Codec, layout: Layout, guide: Preset
    ) -> None:
        self.pixels, self.scale, self.layout = pixels, codec.scale, layout
        self.space = codec.space(layout.channels)
        self._network = InputGradient(guide, codec.scale, codec.threads, exact=True)
        self._memory_mb = min(codec.memory_mb, MEMORY_MB)
        self._unit_px = int(8 * layout.components[0].factor * codec.scale)
        self._size = pixels.shape[0], pixels.shape[1]

    def look(self, blocks: Blocks, steps: Sequence[np.ndarray]) -> Look:
        """Runs RecCNN and its gradient once over the picture.

        Args:
          blocks: int16 (rows, columns, 64) a component, in steps.
          steps: float32 (64,) a component, in zigzag order.
        """
        coded, tables = self._decode(blocks, steps), _tables_of(steps)
        errors = self.no_errors()
        gradient = np.zeros(coded.shape, np.float32)
        for core, wide, inside in stages.track([*self._tiles()]):
            restored, change = self._network(
                self._enlarge(coded, wide), tables, self.pixels[wide.slices]
            )
            self.add_errors(errors, core, restored[inside])
            self._add_gradient(gradient, core, change[inside])
        planes = co.gradient_of(gradient, self.layout, self.space)
        found = [
            co.transform(plane, component, "constant")
            for plane, component in zip(planes, self.layout.components, strict=True)
        ]
        trim_after(self.pixels)
        return Look(errors, found)

    def glance(self, blocks: Blocks, steps: Sequence[np.ndarray]) -> Look:
        """Runs RecCNN once over the picture, without its gradient; see `look`."""
        coded, tables = self._decode(blocks, steps), _tables_of(steps)
        errors = self.no_errors()
        for core, wide, inside in stages.track([*self._tiles()]):
            restored = self._network.restore(
                self._enlarge(coded, wide), tables, self.pixels[wide.slices]
            )
            self.add_errors(errors, core, restored[inside])
        trim_after(self.pixels)
        return Look(errors, [])

    def _enlarge(self, coded: np.ndarray, window: Window) -> np.ndarray:
        """Returns a window of the enlarged image, float32 in grey levels."""
        return resample.enlarge(coded, self.scale, self._size, window) * 255

    def _decode(self, blocks: Blocks, steps: Sequence[np.ndarray]) -> np.ndarray:
        """Returns the compact image nearly as decoders do: uint8 (h, w, C)."""
        planes = []
        for values, step, component in zip(
            blocks, steps, self.layout.components, strict=True
        ):
            plane = co.restore(values * step, component)
            np.rint(plane, out=plane)
            planes.append(np.clip(plane, -128, 127, out=plane))
        planes = co.doubled(planes, self.layout)
        coded = np.empty((*self.layout.shape, self.layout.channels), np.uint8)
        for channel in range(self.layout.channels):
            shown = co.channel_of(planes, channel, self.layout, self.space)
            np.rint(shown, out=shown)
            coded[..., channel] = np.clip(shown, 0, 255, out=shown)
        return coded

    def _tiles(self) -> Iterator[tuple[Window, Window, tuple[slice, slice]]]:
        """Yields each tile, the tile that RecCNN has to see, and its part of that.

        The error of a tile is exact. Near its border the gradient is that of an error
        that RecCNN sees without the rest of the picture.
        """
        reach_px = self._network.reach_px
        sides = self._network.tile_sides(self._size, self._memory_mb)
        high, wide = (
            length if side >= length else tiling.even(length, side, GRID_PX)
            for side, length in zip(sides, self._size, strict=True)
        )  # fmt: skip
        multiple_px = math.lcm(self._network.multiple_px, int(2 * self.scale))
        reach_px += -reach_px % multiple_px
        for core in grid(*self._size, high, wide):
            wide_core = core.grown(reach_px, *self._size)
            y, x = core.y0 - wide_core.y0, core.x0 - wide_core.x0
            inside = slice(y, y + core.size[0]), slice(x, x + core.size[1])
            yield core, wide_core, inside

    def no_errors(self) -> np.ndarray:
        """Returns zeros to add errors to: float64 (MCU rows, MCU columns)."""
        component = self.layout.components[-1]
        return np.zeros((component.mcu_rows, component.mcu_columns))

    def add_errors(
        self, errors: np.ndarray, window: Window, restored: np.ndarray
    ) -> None:
        """Adds the squared error of a tile to the MCUs that the tile touches.

        Args:
          errors: float64 (MCU rows, MCU columns).
          window: of the image.
          restored: float32 or uint8 (h, w, C), grey levels.
        """
        difference = np.subtract(restored, self.pixels[window.slices], dtype=np.float32)
        square = np.einsum("hwc,hwc->hw", difference, difference, dtype=np.float64)
        unit_px = self._unit_px
        rows, columns = (
            [0, *range(unit_px - start % unit_px, length, unit_px)]
            for start, length in zip((window.y0, window.x0), square.shape, strict=True)
        )
        sums = np.add.reduceat(np.add.reduceat(square, rows, 0), columns, 1)
        y, x = window.y0 // unit_px, window.x0 // unit_px
        errors[y : y + len(rows), x : x + len(columns)] += sums

    def _add_gradient(
        self, gradient: np.ndarray, core: Window, change: np.ndarray
    ) -> None:
        if self.scale == 1:
            gradient[core.slices] += change
            return
        source, rows, columns = resample.enlarging_matrices(
            self.scale, self._size, core
        )
        for channel in range(change.shape[2]):
            gradient[(*source.slices, channel)] += (
                rows.T @ change[..., channel] @ columns
            )


def _tables_of(steps: Sequence[np.ndarray]) -> np.ndarray:
    """Returns the steps of luma and chroma as a decoder reads them: (2, 8, 8)."""
    return np.stack([co.natural_order(steps[0]), co.natural_order(steps[-1])])
