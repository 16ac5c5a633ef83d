"""Cutting a picture into tiles whose borders do not show."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

Network = Callable[[np.ndarray], np.ndarray]
# Gives any window of an image, float32 (h, w, C); the whole never has to be made.
Cut = Callable[["Window"], np.ndarray]

# Working memory of a network over the area of what it is given; by family, measured as
# peak resident memory: experiments/results/tiles.tsv.
BYTES_PER_PIXEL = {"jiang2017": 1_200, "comrec": 400}
TILE_MIN_PX = 64
# Larger tiles would hardly save halo; wider ones would not leave some rows of all
# feature maps in the cache of a core.
TILE_AREA_PX, TILE_WIDE_PX = 2**20, 1536
# Pictures that fill much of the memory by themselves have tiles of half the area.
LARGE_PX = 2**24


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


def tile_sides(
    size: tuple[int, int],
    memory_mb: int,
    reach_px: int,
    family: str,
    most_px: int = TILE_AREA_PX,
) -> tuple[int, int]:
    """(height, width) in pixels, multiples of 16, of the tiles that see least halo.

    Args:
      size: (H, W) of the image.
      memory_mb: for what a network of the family makes of a tile with its halo.
      reach_px: how wide the halo is.
      family: of the networks; one of BYTES_PER_PIXEL.
      most_px: that a tile may have with its halo.
    """
    height, width = size
    area = min(memory_mb * 10**6 / BYTES_PER_PIXEL[family], most_px)
    if height * width > LARGE_PX:
        area = min(area, most_px / 2)
    seen = {}  # pixels of all tiles with their halos, by sides
    for wide in range(TILE_MIN_PX, TILE_WIDE_PX + 1, 16):
        high = int(area / min(wide + 2 * reach_px, width))
        high = (high if high >= height else high - 2 * reach_px) // 16 * 16
        if high >= TILE_MIN_PX:
            down, across = math.ceil(height / high), math.ceil(width / wide)
            seen[high, wide] = (height + 2 * reach_px * (down - 1)) * (
                width + 2 * reach_px * (across - 1)
            )
    return min(
        seen, key=lambda sides: (seen[sides], sides), default=(TILE_MIN_PX, TILE_MIN_PX)
    )


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
    """One window of what `run_all` gives."""
    windows = run_all(network, cut, size, [window], reach_px, scale, multiple_px)
    return next(windows)[1]


def run_all(
    network: Network,
    cut: Cut,
    size: tuple[int, int],
    windows: Iterable[Window],
    reach_px: int,
    scale: int = 1,
    multiple_px: int = 1,
    together: bool = False,
) -> Iterator[tuple[Window, np.ndarray]]:
    """Windows of what the network would give for the whole image.

    Args:
      network: float32 (B, H, W, C) to (B, H/scale, W/scale, C').
      cut: gives windows of the image.
      size: (H, W) of the image. At its end the last pixels are repeated up to sides
        that the network takes.
      windows: in pixels of the image, y0 and x0 multiples of `scale` and `multiple_px`.
      reach_px: how far the network looks; a window is cut out that much wider,
        so that only true borders of the image are padded by the network.
      scale: linear size ratio input : output of the network.
      multiple_px: sides that the network takes are multiples of it and of the scale.
      together: whether windows of one size go through the network as one batch: for
        many small ones.

    Yields:
      Each window, not always in order if `together`, and float32 of its size over
      `scale`, rounded up.
    """
    step = math.lcm(scale, multiple_px)
    reach_px = math.ceil(reach_px / step) * step

    def widened(window: Window) -> Window:
        grown = window.grown(reach_px, *(n + -n % step for n in size))
        return grown.ending(step)

    groups: Iterable[Sequence[Window]] = ([window] for window in windows)
    if together:
        by_size: dict[tuple[int, int], list[Window]] = {}
        for window in windows:
            by_size.setdefault(widened(window).size, []).append(window)
        groups = by_size.values()
    for group in groups:
        wide = [widened(window) for window in group]
        images = [edged(cut(each.within(*size)), *each.size) for each in wide]
        batch = images[0][None] if len(images) == 1 else np.stack(images)
        outputs = np.asarray(network(np.ascontiguousarray(batch)))
        for window, around, output in zip(group, wide, outputs, strict=True):
            y, x = (window.y0 - around.y0) // scale, (window.x0 - around.x0) // scale
            height, width = (-(-n // scale) for n in window.size)
            yield window, output[y : y + height, x : x + width]


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
