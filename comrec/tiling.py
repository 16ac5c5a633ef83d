"""Cutting a picture into tiles whose borders do not show."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

Network = Callable[[np.ndarray], np.ndarray]
# Gives any window of an image, float32 (h, w, C); the whole never has to be made.
Cut = Callable[["Window"], np.ndarray]

# Working memory of a network over the area of what it is given; by family, measured as
# peak resident memory: experiments/results/tiles.tsv.
BYTES_PER_PIXEL = {"jiang2017": 1_200, "comrec": 600}
# Wide, for the halo is then mostly above and below; and not so high that the cache of
# a core does not hold some rows of all feature maps.
TILE_MIN_PX, TILE_HIGH_PX, TILE_WIDE_PX = 64, 512, 1280


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

    @property
    def size(self) -> tuple[int, int]:
        """(H, W) in pixels."""
        return self.y1 - self.y0, self.x1 - self.x0

    def times(self, scale: int) -> Window:
        """The same part of a picture that is so many times as large."""
        return Window(*(n * scale for n in (self.y0, self.y1, self.x0, self.x1)))

    def within(self, height: int, width: int) -> Window:
        """The part that a picture of such a size has."""
        return replace(self, y1=min(self.y1, height), x1=min(self.x1, width))

    def grown(self, reach_px: int, height: int, width: int) -> Window:
        """Wider by `reach_px` on every side where the picture goes on."""
        return Window(
            max(self.y0 - reach_px, 0),
            min(self.y1 + reach_px, height),
            max(self.x0 - reach_px, 0),
            min(self.x1 + reach_px, width),
        )

    def starting(self, multiple_px: int) -> Window:
        """Higher and wider, at the start, to where multiples are."""
        y0, x0 = (n // multiple_px * multiple_px for n in (self.y0, self.x0))
        return replace(self, y0=y0, x0=x0)

    def ending(self, multiple_px: int) -> Window:
        """Higher and wider, at the end, to sides that are multiples."""
        height, width = self.size
        return replace(
            self, y1=self.y1 + -height % multiple_px, x1=self.x1 + -width % multiple_px
        )


def tile_sides(memory_mb: int, reach_px: int, family: str) -> tuple[int, int]:
    """(height, width) in pixels, multiples of 16, of tiles that fit a working memory.

    Args:
      memory_mb: for what a network of the family makes of a tile with its halo.
      reach_px: how wide the halo is.
      family: of the networks; one of BYTES_PER_PIXEL.
    """
    area = memory_mb * 10**6 / BYTES_PER_PIXEL[family]
    height = _side(math.sqrt(area / 2), reach_px, TILE_HIGH_PX)
    return height, _side(area / (height + 2 * reach_px), reach_px, TILE_WIDE_PX)


def _side(wide_px: float, reach_px: int, most_px: int) -> int:
    side = int(wide_px) - 2 * reach_px
    return min(max(side // 16 * 16, TILE_MIN_PX), most_px)


def even(length: int, side: int, step: int = 16) -> int:
    """At most `side`, a multiple of `step`: so that no last tile is a sliver."""
    count = math.ceil(length / max(side // step * step, step))
    return math.ceil(length / count / step) * step


def grid(
    height: int, width: int, side: int, across: int | None = None
) -> Iterator[Window]:
    """Windows of at most side x across (side) that cover the picture, row by row."""
    across = across or side
    for y in range(0, height, side):
        for x in range(0, width, across):
            yield Window(y, min(y + side, height), x, min(x + across, width))


def tiles(
    size: tuple[int, int], sides: tuple[int, int], step: int = 16
) -> Iterator[Window]:
    """A grid of windows of about one size, at most `sides`, that start at multiples."""
    (height, width), (high, wide) = size, sides
    return grid(height, width, even(height, high, step), even(width, wide, step))


def run(
    network: Network,
    cut: Cut,
    size: tuple[int, int],
    window: Window,
    reach_px: int,
    scale: int = 1,
    multiple_px: int = 1,
) -> np.ndarray:
    """One window of what the network would give for the whole image.

    Args:
      network: float32 (1, H, W, C) to (1, H/scale, W/scale, C').
      cut: gives windows of the image.
      size: (H, W) of the image. At its end the last pixels are repeated up to sides
        that the network takes.
      window: in pixels of the image, y0 and x0 multiples of `scale` and `multiple_px`.
      reach_px: how far the network looks; the window is cut out that much wider,
        so that only true borders of the image are padded by the network.
      scale: linear size ratio input : output of the network.
      multiple_px: sides that the network takes are multiples of it and of the scale.

    Returns:
      float32, the window's size over `scale`, rounded up.
    """
    step = math.lcm(scale, multiple_px)
    reach_px = math.ceil(reach_px / step) * step
    wide = window.grown(reach_px, *(n + -n % step for n in size)).ending(step)
    image = edged(cut(wide.within(*size)), *wide.size)
    output = np.asarray(network(np.ascontiguousarray(image)[None]))[0]
    y, x = (window.y0 - wide.y0) // scale, (window.x0 - wide.x0) // scale
    height, width = (-(-n // scale) for n in window.size)
    return output[y : y + height, x : x + width]


def edged(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """(h, w, C) to (height, width, C): the last row and column are repeated.

    So the sampling grid does not depend on the parity of the size, and networks do
    not mix the zeros outside the picture into its last pixels.
    """
    missing = height - image.shape[0], width - image.shape[1]
    if not any(missing):
        return image
    return np.pad(image, (*((0, n) for n in missing), (0, 0)), mode="edge")


def padded(image: np.ndarray, multiple_px: int) -> np.ndarray:
    """(H, W, C) with sides that are multiples; see `edged`."""
    height, width = image.shape[:2]
    return edged(image, height + -height % multiple_px, width + -width % multiple_px)
