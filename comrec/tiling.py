"""Cutting a picture into tiles whose borders do not show."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

Network = Callable[[np.ndarray], np.ndarray]

# Working memory of a 64-channel float32 network, measured as peak resident
# memory over tile area; see experiments/results/tiles.tsv.
BYTES_PER_PIXEL = 1_200
TILE_MIN_PX, TILE_MAX_PX = 64, 512


@dataclass(frozen=True)
class Window:
    """Rows y0 to y1 and columns x0 to x1 of an array, ends left out."""

    y0: int
    y1: int
    x0: int
    x1: int

    @property
    def slices(self) -> tuple[slice, slice]:
        return slice(self.y0, self.y1), slice(self.x0, self.x1)

    def grown(self, reach_px: int, height: int, width: int) -> Window:
        """Wider by `reach_px` on every side where the picture goes on."""
        return Window(
            max(self.y0 - reach_px, 0),
            min(self.y1 + reach_px, height),
            max(self.x0 - reach_px, 0),
            min(self.x1 + reach_px, width),
        )

    def ending(self, multiple_px: int) -> Window:
        """Higher and wider, at the end, to sides that are multiples."""
        height, width = self.y1 - self.y0, self.x1 - self.x0
        return replace(
            self, y1=self.y1 + -height % multiple_px, x1=self.x1 + -width % multiple_px
        )


def tile_side(memory_mb: int, reach_px: int) -> int:
    """Side in pixels, a multiple of 16, of tiles that fit a working memory."""
    side = math.isqrt(memory_mb * 10**6 // BYTES_PER_PIXEL) - 2 * reach_px
    return min(max(side // 16 * 16, TILE_MIN_PX), TILE_MAX_PX)


def grid(height: int, width: int, side: int) -> Iterator[Window]:
    """Windows of at most side x side that cover the picture once, row by row."""
    for y in range(0, height, side):
        for x in range(0, width, side):
            yield Window(y, min(y + side, height), x, min(x + side, width))


def run(
    network: Network,
    image: np.ndarray,
    window: Window,
    reach_px: int,
    scale: int = 1,
    multiple_px: int = 1,
) -> np.ndarray:
    """One window of what the network would give for the whole image.

    Args:
      network: float32 (1, H, W, C) to (1, ceil(H/scale), ceil(W/scale), C').
      image: float32 (H, W, C).
      window: in pixels of the image, y0 and x0 multiples of `scale` and `multiple_px`.
      reach_px: how far the network looks; the window is cut out that much wider,
        so that only true borders of the image are padded by the network.
      scale: linear size ratio input : output of the network.
      multiple_px: sides that the network takes are multiples of it; so are H and W.

    Returns:
      float32, the window's size over `scale`, rounded up.
    """
    step = math.lcm(scale, multiple_px)
    reach_px = math.ceil(reach_px / step) * step
    wide = window.grown(reach_px, image.shape[0], image.shape[1]).ending(multiple_px)
    output = np.asarray(network(np.ascontiguousarray(image[wide.slices])[None]))[0]
    y, x = (window.y0 - wide.y0) // scale, (window.x0 - wide.x0) // scale
    height = -(-(window.y1 - window.y0) // scale)
    width = -(-(window.x1 - window.x0) // scale)
    return output[y : y + height, x : x + width]


def run_whole(
    network: Network,
    image: np.ndarray,
    side: int,
    reach_px: int,
    scale: int = 1,
    multiple_px: int = 1,
) -> np.ndarray:
    """The network over the whole image, tile by tile; see `run`."""
    height, width = image.shape[:2]
    rows = []
    step = math.lcm(scale, multiple_px)
    side = math.ceil(side / step) * step
    for y in range(0, height, side):
        band = [
            run(network, image, window, reach_px, scale, multiple_px)
            for window in grid(height, width, side)
            if window.y0 == y
        ]
        rows.append(np.concatenate(band, axis=1))
    return np.concatenate(rows, axis=0)
